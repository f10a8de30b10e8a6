package store

import (
	"github.com/alcovedb/alcove/structures"
)

// Geo is a handle of places on the Earth: a sorted set whose scores are their coordinates,
// with 52 bits. [DB.Type] of it is [KindZSet], and all that a [ZSet] can do, the same key can
// do, too: Rem removes a place, Card counts them. What comes back is the middle of the
// rectangle of about 60 cm by 30 cm in which a place lies.
type Geo struct {
	db  DB
	key string
}

// Key returns the key of the handle.
func (g Geo) Key() string { return g.key }

// Point is a longitude and a latitude in degrees. A place may have a longitude from -180 to
// 180 and a latitude from -85.05112878 to 85.05112878, the limits of web maps (EPSG:900913).
type Point struct{ Lon, Lat float64 }

// GeoPlace is a member with its coordinates.
type GeoPlace struct {
	Member string
	Point
}

// OptionalPoint is a point that may be missing.
type OptionalPoint struct {
	Point Point
	Found bool
}

// Unit is a unit of length.
type Unit uint8

// The units. The zero value is Redis's default.
const (
	Meters Unit = iota
	Kilometers
	Miles
	Feet
)

// units are the units in meters and as Redis writes them. Its mile has 34 hundredths of a
// meter, too.
var units = [...]struct {
	meters float64
	name   string
}{
	Meters:     {1, "m"},
	Kilometers: {1000, "km"},
	Miles:      {1609.34, "mi"},
	Feet:       {0.3048, "ft"},
}

// String returns the name that Redis gives the unit.
func (u Unit) String() string {
	if u.check() != nil {
		return "unknown"
	}
	return units[u].name
}

func (u Unit) check() error {
	if int(u) >= len(units) {
		return ErrUnit
	}
	return nil
}

// GeoAddOptions are the options of [Geo.AddWith]. The zero value is a plain GEOADD.
type GeoAddOptions struct {
	If      Condition // Always, IfAbsent or IfPresent, for each member
	Changed bool      // count members that have moved, too: CH
}

// Add gives members their places and returns how many of them are new.
//
// It returns [ErrWrongType] if the key holds another type, [ErrCoordinates] if a longitude
// or a latitude is out of range and [ErrTooLarge] if a member is longer than
// [MaxStringLen].
//
// The complexity is O(m log n), m the number of members given and n that of the places.
// Redis: [GEOADD].
//
// [GEOADD]: https://redis.io/docs/latest/commands/geoadd/
func (g Geo) Add(places ...GeoPlace) (int, error) { return g.AddWith(GeoAddOptions{}, places...) }

// AddWith is Add with the options of GEOADD: only new members, or only those that are
// there, and whether those are counted, too, that have moved.
//
// It returns [ErrWrongType] if the key holds another type, [ErrCoordinates] if a longitude
// or a latitude is out of range, [ErrTooLarge] if a member is longer than [MaxStringLen] and
// [ErrInvalidOption] for a condition that compares.
//
// The complexity is O(m log n), m the number of members given and n that of the places.
// Redis: [GEOADD].
//
// [GEOADD]: https://redis.io/docs/latest/commands/geoadd/
func (g Geo) AddWith(o GeoAddOptions, places ...GeoPlace) (int, error) {
	var buf [4]Scored
	members := buf[:0]
	var wrong error
	for _, p := range places {
		switch at := structures.GeoPoint(p.Point); {
		case at.Valid():
			members = append(members, Scored{p.Member, structures.GeoScore(at)})
		default:
			wrong = ErrCoordinates
		}
	}
	if wrong == nil {
		wrong = wrongAdd(o.If, members)
	}
	if o.If > IfPresent {
		wrong = ErrInvalidOption
	}
	return ZSet(g).add("GEOADD", wrong, ZAddOptions(o), members)
}

// Pos returns where members are, as of one moment.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m), m the number of members given. Redis: [GEOPOS].
//
// [GEOPOS]: https://redis.io/docs/latest/commands/geopos/
func (g Geo) Pos(members ...string) ([]OptionalPoint, error) {
	var view structures.ZSet
	v, locked, err := ZSet(g).read("GEOPOS", &view, nil)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	points := make([]OptionalPoint, len(members))
	for i, member := range members {
		if score, found := v.Score(member); found {
			points[i] = OptionalPoint{Point(structures.GeoPosition(score)), true}
		}
	}
	return points, nil
}

// Dist returns the distance of two members, as if the Earth were a ball; it is wrong by up
// to 0.5%. If one of them is missing, it is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type and [ErrUnit] if there is no such
// unit.
//
// The complexity is O(1). Redis: [GEODIST].
//
// [GEODIST]: https://redis.io/docs/latest/commands/geodist/
func (g Geo) Dist(a, b string, unit Unit) (float64, error) {
	var view structures.ZSet
	v, locked, err := ZSet(g).read("GEODIST", &view, unit.check())
	defer locked.release()
	if err != nil {
		return 0, err
	}
	scoreA, foundA := v.Score(a)
	scoreB, foundB := v.Score(b)
	if !foundA || !foundB {
		return 0, ErrNotFound
	}
	return structures.GeoDistance(structures.GeoPosition(scoreA), structures.GeoPosition(scoreB)) / units[unit].meters, nil
}

// Hash returns the geohashes of members, as of one moment: texts of eleven characters, as
// geohash.org writes them. What is close to each other often has a common prefix. The last
// character is always "0", as in Redis.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m), m the number of members given. Redis: [GEOHASH].
//
// [GEOHASH]: https://redis.io/docs/latest/commands/geohash/
func (g Geo) Hash(members ...string) ([]Optional, error) {
	var view structures.ZSet
	v, locked, err := ZSet(g).read("GEOHASH", &view, nil)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	hashes := make([]Optional, len(members))
	for i, member := range members {
		if score, found := v.Score(member); found {
			hashes[i] = Optional{Value: structures.GeoText(score), Found: true}
		}
	}
	return hashes, nil
}
