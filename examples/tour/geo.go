package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// geoSection looks for places on Sicily.
func geoSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("Places are a sorted set whose scores are coordinates.")
	sicily := s.Geo("Sicily")
	for _, p := range []store.GeoPlace{
		{Member: "Palermo", Point: store.Point{Lon: 13.361389, Lat: 38.115556}},
		{Member: "Catania", Point: store.Point{Lon: 15.087269, Lat: 37.502669}},
		{Member: "Agrigento", Point: store.Point{Lon: 13.583333, Lat: 37.316667}},
	} {
		n, err := sicily.Add(p)
		g.got(`s.Geo("Sicily").Add(`+p.Member+`)`, n, err)
	}
	kind, err := s.Type("Sicily")
	g.got(`s.Type("Sicily")`, kind, err)
	d, err := sicily.Dist("Palermo", "Catania", store.Kilometers)
	g.number(`s.Geo("Sicily").Dist("Palermo", "Catania", km)`, d, err)

	g.say("A search is by a radius, a box or a polygon, around a member or a point.")
	found, err := sicily.Search(store.ByRadius(store.FromMember("Agrigento"), 100, store.Kilometers).Asc())
	g.places(`Search(ByRadius(FromMember("Agrigento"), 100, km).Asc())`, found, err)
	found, err = sicily.Search(store.ByBox(store.FromPoint(15, 37), 300, 300, store.Kilometers).Count(1))
	g.places(`Search(ByBox(FromPoint(15, 37), 300, 300, km).Count(1))`, found, err)
	west := []store.Point{{Lon: 12, Lat: 37}, {Lon: 14, Lat: 37}, {Lon: 14, Lat: 39}, {Lon: 12, Lat: 39}}
	found, err = sicily.Search(store.ByPolygon(west...).Asc())
	g.places(`Search(ByPolygon(west...).Asc())`, found, err)

	g.say("What a sorted set can do, places can do, too.")
	n, err := s.ZSet("Sicily").Rem("Palermo")
	g.got(`s.ZSet("Sicily").Rem("Palermo")`, n, err)
	d, err = sicily.Dist("Palermo", "Catania", store.Kilometers)
	g.number(`s.Geo("Sicily").Dist("Palermo", "Catania", km)`, d, err)
	return g.err
}
