package structures

import "math"

// A place is a member of a sorted set whose score is a cell: the number of one of 2^52
// rectangles of about 60 cm by 30 cm that cover the Earth between two latitudes. It has 26
// bits of the latitude in its even bits and 26 of the longitude in its odd ones, so that
// what is close to each other often has a common prefix (G. M. Morton, 1966; geohash.org).
//
// Cells and distances are those of Redis 7.0.15, bit by bit (geohash.c, geohash_helper.c),
// so that values may travel between the two. Products that are added to something are
// converted to float64, which keeps processors that can from rounding only once.

// The limits of coordinates, which are those of EPSG:900913.
const (
	GeoLonMax = 180
	GeoLatMax = 85.05112878
)

const (
	// geoSteps is how often a cell halves each of the two ranges.
	geoSteps = 26

	// earthRadius is the Earth's quadratic mean radius in WGS-84, in meters.
	earthRadius = 6372797.560856

	// radian is a degree, as Redis divides: π is rounded first.
	radian = float64(math.Pi) / 180
)

// GeoPoint is a longitude and a latitude in degrees.
type GeoPoint struct{ Lon, Lat float64 }

// Valid says whether a place can be there.
func (p GeoPoint) Valid() bool {
	return -GeoLonMax <= p.Lon && p.Lon <= GeoLonMax && -GeoLatMax <= p.Lat && p.Lat <= GeoLatMax
}

// geoCell is a cell, or with fewer steps a larger one.
type geoCell struct {
	bits  uint64
	steps int
}

// geoArea is what a cell covers.
type geoArea struct{ min, max GeoPoint }

// cellAt returns the cell of so many steps in which a valid point lies, over latitudes up
// to latMax.
func cellAt(p GeoPoint, latMax float64, steps int) geoCell {
	lat := (p.Lat + latMax) / (latMax + latMax)
	lon := (p.Lon + GeoLonMax) / (GeoLonMax + GeoLonMax)
	scale := float64(uint64(1) << steps)
	// At the upper limit a number has one bit more than steps, as in Redis.
	return geoCell{spread(uint32(lat*scale)) | spread(uint32(lon*scale))<<1, steps}
}

// spread puts the bits of x at the even bits of the result (S. E. Anderson, "Bit Twiddling
// Hacks", Interleave bits by Binary Magic Numbers).
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// gather undoes spread.
func gather(v uint64) uint32 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0f0f0f0f0f0f0f0f
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16)
}

// area returns what a cell covers.
func (c geoCell) area() geoArea {
	lat, lon := gather(c.bits), gather(c.bits>>1)
	scale := float64(uint64(1) << c.steps)
	place := func(n uint32, limit float64) float64 {
		return -limit + float64(float64(n)/scale*(limit+limit))
	}
	return geoArea{
		min: GeoPoint{place(lon, GeoLonMax), place(lat, GeoLatMax)},
		max: GeoPoint{place(lon+1, GeoLonMax), place(lat+1, GeoLatMax)},
	}
}

// scores returns the lowest score in a cell and that behind its highest.
func (c geoCell) scores() (from, to float64) {
	shift := 2 * (geoSteps - c.steps)
	return float64(c.bits << shift), float64((c.bits + 1) << shift)
}

const evenBits = 0x5555555555555555

// moved returns the neighbour of a cell one to the east or west and one to the north or
// south: 1, 0 or -1. Behind the end of a range comes its beginning.
func (c geoCell) moved(east, north int) geoCell {
	mask := uint64(1)<<(2*c.steps) - 1
	lat, lon := gather(c.bits)+uint32(north), gather(c.bits>>1)+uint32(east)
	moved := c
	if east != 0 {
		moved.bits = moved.bits&evenBits | spread(lon)<<1&mask
	}
	if north != 0 {
		moved.bits = moved.bits&^evenBits | spread(lat)&mask
	}
	return moved
}

// GeoScore returns the score of a place at a valid point.
func GeoScore(p GeoPoint) float64 { return float64(cellAt(p, GeoLatMax, geoSteps).bits) }

// GeoBits returns the cell that a score stands for. Any score does for one, as in Redis,
// where a float64 becomes an integer as x86 processors do it.
func GeoBits(score float64) uint64 {
	const half = 1 << 63
	signed := func(f float64) uint64 {
		if -half <= f && f < half {
			return uint64(int64(f))
		}
		return half
	}
	if score >= half {
		return signed(score-half) ^ half
	}
	return signed(score)
}

// GeoPosition returns the middle of the cell that a score stands for.
func GeoPosition(score float64) GeoPoint {
	a := geoCell{GeoBits(score), geoSteps}.area()
	return GeoPoint{
		Lon: min(max((a.min.Lon+a.max.Lon)/2, -GeoLonMax), GeoLonMax),
		Lat: min(max((a.min.Lat+a.max.Lat)/2, -GeoLatMax), GeoLatMax),
	}
}

// geoTextLen is the length of a geohash. Its last character tells nothing: 52 bits have
// ten of five bits each.
const geoTextLen = 11

// GeoText returns the geohash of the cell that a score stands for, as geohash.org writes
// it: over latitudes up to 90 degrees. The last character is always "0".
func GeoText(score float64) string {
	const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
	bits := cellAt(GeoPosition(score), 90, geoSteps).bits
	var text [geoTextLen]byte
	for i := range text[:geoTextLen-1] {
		text[i] = alphabet[bits>>(2*geoSteps-5*(i+1))&31]
	}
	text[geoTextLen-1] = alphabet[0]
	return string(text[:])
}

// GeoDistance returns the distance of two points on a sphere in meters, by the haversine
// formula (R. W. Sinnott, "Virtues of the Haversine", 1984).
func GeoDistance(a, b GeoPoint) float64 {
	u, v := halfAngles(a, b)
	s, t := sine(u), sine(v)
	return arcOf(haversine(s, t, cosine(a.Lat*radian), cosine(b.Lat*radian)))
}

// halfAngles returns half the differences of latitudes and longitudes in radians.
func halfAngles(a, b GeoPoint) (lat, lon float64) {
	return (float64(b.Lat*radian) - float64(a.Lat*radian)) / 2, (float64(b.Lon*radian) - float64(a.Lon*radian)) / 2
}

// haversine returns the haversine of a distance: of the sines of half the differences and
// the cosines of the latitudes.
func haversine(sinLat, sinLon, cosA, cosB float64) float64 {
	return float64(sinLat*sinLat) + float64(cosA*cosB*sinLon*sinLon)
}

// arcOf returns the distance that has a haversine. It may be more than 1 by a rounding.
func arcOf(haversine float64) float64 {
	return 2 * earthRadius * arcsine(min(math.Sqrt(haversine), 1))
}
