package structures

import (
	"cmp"
	"math"
	"slices"
)

// A search looks through a cell around its centre and those of the eight next to it that its
// shape may reach, each of which is a range of scores. It is that of Redis 7.0.15 with all
// its turns (geohashCalculateAreasByShapeWGS84 in geohash_helper.c, membersOfAllNeighbors in
// geo.c): places come in the same order, and where the cells do not cover a shape, which may
// be so if it goes over a pole, the same ones are missed. Polygons are Valkey 9's.

// GeoForm is a form of a GeoShape.
type GeoForm uint8

// The forms.
const (
	GeoCircle GeoForm = iota
	GeoBox
	GeoPolygon
)

// GeoShape is where to search. A unit is so many meters.
type GeoShape struct {
	Form          GeoForm
	Center        GeoPoint
	Width, Height float64 // of a box; Width is the radius of a circle
	Unit          float64
	Corners       []GeoPoint // of a polygon: its Center is set by Find, its Unit is 1
}

// GeoFound is a place that was found.
type GeoFound struct {
	Member   string
	Score    float64
	Point    GeoPoint
	Distance float64 // from the centre, in units
	at       int     // the how manieth it is
}

// mercatorMax is half the circumference of the Earth in EPSG:900913, as Redis rounds it.
const mercatorMax = 20037726.37

// stepsFor returns how many steps cells have that cover a circle around a latitude,
// together with the eight around it, in most cases.
func stepsFor(meters, lat float64) int {
	if meters == 0 {
		return geoSteps
	}
	steps := -1
	for ; meters < mercatorMax; meters *= 2 {
		steps++
	}
	if lat = math.Abs(lat); lat > 66 { // the meridians come together
		steps--
		if lat > 80 {
			steps--
		}
	}
	return min(max(steps, 1), geoSteps)
}

// bounds returns the rectangle around a shape, and sets the centre of a polygon.
func (s *GeoShape) bounds() geoArea {
	if s.Form == GeoPolygon {
		return s.polygonBounds()
	}
	width, height := s.Unit*s.Width, s.Unit*s.Width
	if s.Form == GeoBox {
		width, height = s.Unit*(s.Width/2), s.Unit*(s.Height/2)
	}
	lat := height / earthRadius / radian
	edge := s.Center.Lat + lat // the one where a degree of longitude is shorter
	if s.Center.Lat < 0 {
		edge = s.Center.Lat - lat
	}
	lon := width / earthRadius / math.Cos(edge*radian) / radian
	return geoArea{
		min: GeoPoint{s.Center.Lon - lon, s.Center.Lat - lat},
		max: GeoPoint{s.Center.Lon + lon, s.Center.Lat + lat},
	}
}

// polygonBounds is bounds for a polygon. Its centre is the sum of its corners as vectors
// from that of the Earth.
func (s *GeoShape) polygonBounds() geoArea {
	a := geoArea{min: GeoPoint{GeoLonMax, GeoLatMax}, max: GeoPoint{-GeoLonMax, -GeoLatMax}}
	var x, y, z float64
	for _, p := range s.Corners {
		a.min.Lon, a.max.Lon = min(a.min.Lon, p.Lon), max(a.max.Lon, p.Lon)
		a.min.Lat, a.max.Lat = min(a.min.Lat, p.Lat), max(a.max.Lat, p.Lat)
		lat, lon := float64(p.Lat*radian), float64(p.Lon*radian)
		level := cosine(lat)
		x += float64(level * cosine(lon))
		y += float64(level * sine(lon))
		z += sine(lat)
	}
	s.Center.Lon = math.Atan2(y, x) / radian
	s.Center.Lat = math.Atan2(z, math.Sqrt(float64(x*x)+float64(y*y))) / radian
	return a
}

// reach returns how far, in meters, a shape with these bounds goes from its centre.
func (s *GeoShape) reach(bounds geoArea) float64 {
	switch s.Form {
	case GeoCircle:
		return s.Width * s.Unit
	case GeoBox:
		w, h := s.Width/2, s.Height/2
		return math.Sqrt(float64(w*w)+float64(h*h)) * s.Unit
	}
	far := 0.0
	for _, lon := range []float64{bounds.min.Lon, bounds.max.Lon} {
		for _, lat := range []float64{bounds.min.Lat, bounds.max.Lat} {
			far = max(far, GeoDistance(s.Center, GeoPoint{lon, lat}))
		}
	}
	return far
}

// directions are where the nine cells lie, in the order in which they are looked through.
var directions = [9]struct{ east, north int }{
	{0, 0},
	{0, 1},
	{0, -1},
	{1, 0},
	{-1, 0},
	{1, 1},
	{-1, 1},
	{1, -1},
	{-1, -1},
}

// cells returns the cells to look through, in order.
func (s *GeoShape) cells(list []geoCell) []geoCell {
	bounds := s.bounds()
	center := GeoPoint{s.Center.Lon, min(max(s.Center.Lat, -GeoLatMax), GeoLatMax)} // a polygon's may be at a pole
	steps := stepsFor(s.reach(bounds), s.Center.Lat)
	cell := cellAt(center, GeoLatMax, steps)
	// The centre may be so close to the edge of its cell that the next one ends before
	// the shape does.
	if steps > 1 && (cell.moved(0, 1).area().max.Lat < bounds.max.Lat || cell.moved(0, -1).area().min.Lat > bounds.min.Lat ||
		cell.moved(1, 0).area().max.Lon < bounds.max.Lon || cell.moved(-1, 0).area().min.Lon > bounds.min.Lon) {
		steps--
		cell = cellAt(center, GeoLatMax, steps)
	}
	if s.Form == GeoPolygon {
		for cell = cellWithin(center, steps); steps > 1 && !cell.besides(bounds.min, bounds.max); {
			steps--
			cell = cellWithin(center, steps)
		}
	}
	area, last := cell.area(), geoCell{}
	for i, d := range directions {
		if steps >= 2 && (d.north < 0 && area.min.Lat < bounds.min.Lat || d.north > 0 && area.max.Lat > bounds.max.Lat ||
			d.east < 0 && area.min.Lon < bounds.min.Lon || d.east > 0 && area.max.Lon > bounds.max.Lon) {
			continue // the cell in the middle goes beyond the shape
		}
		// Where there are two cells from pole to pole, the next to the north is the
		// next to the south. Redis compares with the one before, but not with the first.
		if next := cell.moved(d.east, d.north); next != last {
			list = append(list, next)
			if i > 0 {
				last = next
			}
		}
	}
	return list
}

// cellWithin is cellAt, but at an upper limit the last cell before it.
func cellWithin(p GeoPoint, steps int) geoCell {
	c, end := cellAt(p, GeoLatMax, steps), uint32(1)<<steps-1
	c.bits = spread(min(gather(c.bits), end)) | spread(min(gather(c.bits>>1), end))<<1
	return c
}

// besides says whether points lie in c or in a cell next to it.
func (c geoCell) besides(points ...GeoPoint) bool {
	near := func(a, b uint32) bool { return a <= b+1 && b <= a+1 }
	for _, p := range points {
		d := cellWithin(p, c.steps)
		if !near(gather(c.bits), gather(d.bits)) || !near(gather(c.bits>>1), gather(d.bits>>1)) {
			return false
		}
	}
	return true
}

// GeoFind appends the places in a shape to list, no more than limit in all if that is not 0.
// The complexity is O(9 log n + m), n the number of members and m of those in the cells that
// cover the shape.
func (z *ZSet) GeoFind(s *GeoShape, limit int, list []GeoFound) []GeoFound {
	var buf [9]geoCell
	cells := s.cells(buf[:0])
	f := s.filter()
	for _, cell := range cells {
		if limit > 0 && len(list) >= limit {
			break
		}
		from, to := cell.scores()
		z.Walk(z.RankOfScore(from, false), z.Len(), false, func(member string, score float64) bool {
			if score >= to {
				return false
			}
			p := GeoPosition(score)
			if d, in := f.distance(p); in {
				list = append(list, GeoFound{Member: member, Score: score, Point: p, Distance: d / s.Unit, at: len(list)})
			}
			return limit == 0 || len(list) < limit
		})
	}
	return list
}

// GeoSort puts the nearest first, or with farthest those. Of places at the same distance the
// one that was found first comes first. Where fewer than all are wanted, only so many are
// sure to be in order, and of those at the same distance others may be left out.
func GeoSort(list []GeoFound, farthest bool, wanted int) {
	compare := func(a, b *GeoFound) int {
		if farthest {
			a, b = b, a
		}
		return cmp.Compare(a.Distance, b.Distance)
	}
	if wanted < len(list) {
		partialSort(list, compare, 0, wanted-1)
		return
	}
	slices.SortFunc(list, func(a, b GeoFound) int { return cmp.Or(compare(&a, &b), a.at-b.at) })
}
