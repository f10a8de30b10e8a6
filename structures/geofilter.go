package structures

import "math"

// geoFilter says which points lie in a shape. What is clearly outside costs it little; near
// the edge, and for the distance of what is inside, it computes as GeoDistance does.
type geoFilter struct {
	*GeoShape
	cos  float64 // of the centre's latitude
	up   float64 // the most that half the difference of latitudes may be of what is inside
	wide float64 // and the haversine: of a circle in any direction, of a box to the side
}

func (s *GeoShape) filter() geoFilter {
	f := geoFilter{GeoShape: s, cos: cosine(s.Center.Lat * radian)}
	switch s.Form {
	case GeoCircle:
		f.up, f.wide = angleLimit(s.Width*s.Unit), haversineLimit(s.Width*s.Unit)
	case GeoBox:
		f.up, f.wide = angleLimit(s.Height*s.Unit/2), haversineLimit(s.Width*s.Unit/2)
	}
	return f
}

// aLittleMore is far above what roundings can do, and far below what costs time.
const aLittleMore = 1 + 1e-12

// angleLimit returns a little more than half the angle of a distance.
func angleLimit(meters float64) float64 { return meters / (2 * earthRadius) * aLittleMore }

// haversineLimit returns a little more than the haversine of a distance.
func haversineLimit(meters float64) float64 {
	if meters >= math.Pi*earthRadius {
		return math.Inf(1)
	}
	s := math.Sin(meters / (2 * earthRadius))
	return s * s * aLittleMore
}

// distance returns how far, in meters, a point is from the centre, and whether it lies in
// the shape.
func (f *geoFilter) distance(p GeoPoint) (meters float64, in bool) {
	switch f.Form {
	case GeoCircle:
		return f.inCircle(p)
	case GeoBox:
		return f.inBox(p)
	}
	if !f.inPolygon(p) {
		return 0, false
	}
	return f.exact(p), true
}

// exact is GeoDistance from the centre.
func (f *geoFilter) exact(p GeoPoint) float64 {
	u, v := halfAngles(f.Center, p)
	return arcOf(haversine(sine(u), sine(v), f.cos, cosine(p.Lat*radian)))
}

func (f *geoFilter) inCircle(p GeoPoint) (meters float64, in bool) {
	u, v := halfAngles(f.Center, p)
	if math.Abs(u) > f.up {
		return 0, false
	}
	s, t := math.Sin(u), math.Sin(v)
	if s*s+f.cos*math.Cos(p.Lat*radian)*t*t > f.wide {
		return 0, false
	}
	meters = f.exact(p)
	return meters, meters <= f.Width*f.Unit
}

// inBox says whether a point is no more than half the height above or below the centre, and
// half the width, along its own latitude, to the side.
func (f *geoFilter) inBox(p GeoPoint) (meters float64, in bool) {
	u, v := halfAngles(f.Center, p)
	if math.Abs(u) > f.up {
		return 0, false
	}
	t, cos := math.Sin(v), math.Cos(p.Lat*radian)
	switch {
	case cos*cos*t*t > f.wide,
		GeoDistance(p, GeoPoint{p.Lon, f.Center.Lat}) > f.Height*f.Unit/2,
		GeoDistance(p, GeoPoint{f.Center.Lon, p.Lat}) > f.Width*f.Unit/2:
		return 0, false
	}
	return f.exact(p), true
}

// inPolygon counts the sides that a ray from the point to the east crosses; an odd number
// is inside (W. R. Franklin, PNPOLY). Coordinates are those of a flat map: no side crosses
// 180 degrees.
func (f *geoFilter) inPolygon(p GeoPoint) (in bool) {
	b := f.Corners[len(f.Corners)-1]
	for _, a := range f.Corners {
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) &&
			p.Lon < float64((b.Lon-a.Lon)*(p.Lat-a.Lat)/(b.Lat-a.Lat))+a.Lon {
			in = !in
		}
		b = a
	}
	return in
}
