package store_test

import (
	"fmt"

	"github.com/alcovedb/alcove/store"
)

// Riders near a place, the nearest first.
func ExampleGeo() {
	s := store.New()
	defer s.Close()

	riders := s.Geo("riders")
	riders.Add(
		store.GeoPlace{Member: "Ada", Point: store.Point{Lon: 13.3777, Lat: 52.5163}},
		store.GeoPlace{Member: "Ben", Point: store.Point{Lon: 13.4132, Lat: 52.5219}},
		store.GeoPlace{Member: "Cleo", Point: store.Point{Lon: 13.2846, Lat: 52.5050}},
	)
	d, _ := riders.Dist("Ada", "Ben", store.Kilometers)
	fmt.Printf("%.1f km\n", d)

	near, _ := riders.Search(store.ByRadius(store.FromPoint(13.40, 52.52), 5, store.Kilometers).Asc())
	for _, r := range near {
		fmt.Printf("%s %.1f %s\n", r.Member, r.Dist, store.Kilometers)
	}
	// Output:
	// 2.5 km
	// Ben 0.9 km
	// Ada 1.6 km
}

// Every way to search is a GeoQuery.
func ExampleGeo_Search() {
	s := store.New()
	defer s.Close()

	sicily := s.Geo("Sicily")
	sicily.Add(
		store.GeoPlace{Member: "Palermo", Point: store.Point{Lon: 13.361389, Lat: 38.115556}},
		store.GeoPlace{Member: "Catania", Point: store.Point{Lon: 15.087269, Lat: 37.502669}},
		store.GeoPlace{Member: "Agrigento", Point: store.Point{Lon: 13.583333, Lat: 37.316667}},
	)
	show := func(q store.GeoQuery) {
		found, err := sicily.Search(q)
		for _, r := range found {
			fmt.Print(r.Member, " ")
		}
		fmt.Println(err)
	}
	show(store.ByRadius(store.FromMember("Agrigento"), 100, store.Kilometers).Asc())
	show(store.ByBox(store.FromPoint(14, 37.8), 150, 100, store.Miles).Count(1))
	show(store.ByPolygon(store.Point{Lon: 12, Lat: 37}, store.Point{Lon: 14, Lat: 37}, store.Point{Lon: 13.5, Lat: 39}).Desc())
	show(store.ByRadius(store.FromMember("Rome"), 100, store.Kilometers))
	// Output:
	// Agrigento Palermo <nil>
	// Agrigento <nil>
	// Agrigento Palermo <nil>
	// store: the member to search from is not there (GEOSEARCH "Sicily")
}
