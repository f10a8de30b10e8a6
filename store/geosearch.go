package store

import (
	"github.com/alcovedb/alcove/structures"
)

// GeoQuery selects places: [ByRadius], [ByBox], [ByPolygon], and what its methods make of
// these. The zero value is a mistake.
type GeoQuery struct {
	made    bool // by a function that gives it a shape
	from    GeoCenter
	shape   structures.GeoShape // its unit is set by check
	unit    Unit
	order   geoOrder
	limited bool
	any     bool
	count   int
	radius  bool // it is that of GEORADIUS, as the event of what it stores says
}

type geoOrder uint8

const (
	asFound geoOrder = iota
	nearest
	farthest
)

// GeoCenter is the middle of a circle or a box: [FromPoint] or [FromMember].
type GeoCenter struct {
	point    Point
	member   string
	isMember bool
}

// FromPoint searches around a point.
func FromPoint(lon, lat float64) GeoCenter { return GeoCenter{point: Point{lon, lat}} }

// FromMember searches around the place of a member, which it finds, too.
func FromMember(member string) GeoCenter { return GeoCenter{member: member, isMember: true} }

// ByRadius selects the places in a circle.
func ByRadius(from GeoCenter, radius float64, unit Unit) GeoQuery {
	return GeoQuery{made: true, from: from, unit: unit, shape: structures.GeoShape{Form: structures.GeoCircle, Width: radius}}
}

// ByBox selects the places that are no more than half the height to the north or south of
// the centre and, along their own latitudes, half the width to the east or west.
func ByBox(from GeoCenter, width, height float64, unit Unit) GeoQuery {
	return GeoQuery{made: true, from: from, unit: unit, shape: structures.GeoShape{Form: structures.GeoBox, Width: width, Height: height}}
}

// ByPolygon selects the places in a polygon, whose last corner is joined with its first. Its
// sides are straight on a map of degrees: none crosses 180 degrees of longitude. Distances
// are in meters, and from the middle of the corners.
func ByPolygon(corners ...Point) GeoQuery {
	q := GeoQuery{made: true, shape: structures.GeoShape{Form: structures.GeoPolygon}}
	for _, p := range corners {
		q.shape.Corners = append(q.shape.Corners, structures.GeoPoint(p))
	}
	return q
}

// Asc puts the nearest first. Without it, and without [GeoQuery.Desc], places come in
// Redis's order, which says little about where they are.
func (q GeoQuery) Asc() GeoQuery {
	q.order = nearest
	return q
}

// Desc puts the farthest first.
func (q GeoQuery) Desc() GeoQuery {
	q.order = farthest
	return q
}

// Count leaves out all but the first n: the nearest, in order, unless Desc says otherwise.
func (q GeoQuery) Count(n int) GeoQuery {
	q.limited, q.any, q.count = true, false, n
	return q
}

// Any takes the first n that it comes across and ends the search: COUNT with ANY. Asc and
// Desc put only those in order.
func (q GeoQuery) Any(n int) GeoQuery {
	q.limited, q.any, q.count = true, true, n
	return q
}

// GeoResult is a place that was found.
type GeoResult struct {
	GeoPlace
	Dist float64 // from the centre, in the unit of the query
	Hash uint64  // the 52 bits of the coordinates, which are the score
}

// check returns what is wrong with the query, and sets the unit of its shape.
func (q *GeoQuery) check() error {
	if !q.made {
		return ErrInvalidOption
	}
	if q.limited && q.count <= 0 {
		return ErrOutOfRange
	}
	if q.shape.Form == structures.GeoPolygon {
		return q.checkPolygon()
	}
	if err := q.unit.check(); err != nil {
		return err
	}
	q.shape.Unit = units[q.unit].meters
	switch {
	case !(q.shape.Width >= 0 && q.shape.Height >= 0):
		return ErrRadius
	case !q.from.isMember && !structures.GeoPoint(q.from.point).Valid():
		return ErrCoordinates
	}
	return nil
}

func (q *GeoQuery) checkPolygon() error {
	if len(q.shape.Corners) < 3 {
		return ErrPolygon
	}
	q.shape.Unit = 1
	for _, p := range q.shape.Corners {
		if !p.Valid() {
			return ErrCoordinates
		}
	}
	return nil
}

// find returns the places of v that the query selects, before they are put in order.
func (q *GeoQuery) find(v *structures.ZSet) ([]structures.GeoFound, error) {
	if err := q.check(); err != nil || v.Len() == 0 {
		return nil, err
	}
	q.shape.Center = structures.GeoPoint(q.from.point)
	if q.from.isMember {
		score, found := v.Score(q.from.member)
		if !found {
			return nil, ErrNoCenter
		}
		q.shape.Center = structures.GeoPosition(score)
	}
	limit := 0
	if q.any {
		limit = q.count
	}
	return v.GeoFind(&q.shape, limit, nil), nil
}

// cut puts places in order and leaves out those that are too many.
func (q *GeoQuery) cut(found []structures.GeoFound) []structures.GeoFound {
	n := len(found)
	if q.limited {
		n = min(n, q.count)
	}
	if q.order != asFound || q.limited && !q.any {
		structures.GeoSort(found, q.order == farthest, n)
	}
	return found[:n]
}

// Search returns the places that q selects. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNoCenter] if the member to
// search from is not there, [ErrCoordinates] if a longitude or a latitude is out of range,
// [ErrRadius] if a radius, a width or a height is negative or NaN, [ErrUnit] if there is no
// such unit, [ErrPolygon] for less than three corners and [ErrOutOfRange] if the count is
// not positive.
//
// Unlike in Redis, ByPolygon is there, as in Valkey 9. As in Redis, a circle or a box that
// goes over a pole may miss places on the other side of it.
//
// The complexity is O(log n + m log m), n the number of places and m that of those in a
// rectangle around what is selected. Redis: [GEOSEARCH].
//
// [GEOSEARCH]: https://redis.io/docs/latest/commands/geosearch/
func (g Geo) Search(q GeoQuery) ([]GeoResult, error) { return g.search("GEOSEARCH", &q) }

func (g Geo) search(op string, q *GeoQuery) ([]GeoResult, error) {
	found, err := g.find(op, q)
	if len(found) == 0 {
		return nil, err
	}
	found = q.cut(found)
	results := make([]GeoResult, len(found))
	for i := range found {
		f := &found[i]
		results[i] = GeoResult{GeoPlace{f.Member, Point(f.Point)}, f.Distance, structures.GeoBits(f.Score)}
	}
	return results, nil
}

// find holds the lock of the shard no longer than it has to.
func (g Geo) find(op string, q *GeoQuery) ([]structures.GeoFound, error) {
	var view structures.ZSet
	v, locked, err := ZSet(g).read(op, &view, nil)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	found, err := q.find(v)
	return found, mistake(op, g.key, err)
}

// SearchStore stores the places at src that q selects in place of whatever the key held, and
// returns how many there are. Without any, the key is removed. It stands for the STORE of
// GEORADIUS, too.
//
// It returns [ErrWrongType] if src holds another type, and the errors of [Geo.Search].
//
// The complexity is O(log n + m log m), n the number of places at src and m that of those
// in a rectangle around what is selected.
// Redis: [GEOSEARCHSTORE], [GEORADIUS], [GEORADIUSBYMEMBER].
//
// [GEOSEARCHSTORE]: https://redis.io/docs/latest/commands/geosearchstore/
// [GEORADIUS]: https://redis.io/docs/latest/commands/georadius/
// [GEORADIUSBYMEMBER]: https://redis.io/docs/latest/commands/georadiusbymember/
func (g Geo) SearchStore(src string, q GeoQuery) (int, error) {
	return g.searchStore(src, &q, func(f *structures.GeoFound) float64 { return f.Score })
}

// SearchStoreDist is SearchStore of distances: what the key then holds is no places, but a
// sorted set of members by their distances from the centre, in the unit of q.
//
// It returns [ErrWrongType] if src holds another type, and the errors of [Geo.Search].
//
// The complexity is O(log n + m log m), n the number of places at src and m that of those
// in a rectangle around what is selected.
// Redis: [GEOSEARCHSTORE], [GEORADIUS], [GEORADIUSBYMEMBER].
//
// [GEOSEARCHSTORE]: https://redis.io/docs/latest/commands/geosearchstore/
// [GEORADIUS]: https://redis.io/docs/latest/commands/georadius/
// [GEORADIUSBYMEMBER]: https://redis.io/docs/latest/commands/georadiusbymember/
func (g Geo) SearchStoreDist(src string, q GeoQuery) (int, error) {
	return g.searchStore(src, &q, func(f *structures.GeoFound) float64 { return f.Distance })
}

func (g Geo) searchStore(src string, q *GeoQuery, score func(*structures.GeoFound) float64) (int, error) {
	op := "GEOSEARCHSTORE"
	if q.radius {
		op = "GEORADIUSSTORE"
	}
	var b batch
	defer b.end()
	if err := b.begin(g.db, op, g.key, src); err != nil {
		return 0, err
	}
	w := b.source(g.db, src)
	if err := w.want(KindZSet); err != nil {
		return 0, err
	}
	var view structures.ZSet
	found, err := q.find(view.Of(&w.ref.Record))
	if err != nil {
		return 0, w.fail(err)
	}
	found = q.cut(found)
	members := make([]Scored, len(found))
	for i := range found {
		members[i] = Scored{found[i].Member, score(&found[i])}
	}
	w = b.key(g.db, g.key)
	return w.putScored(members), nil
}

// Radius returns the places in a circle around a point, in Redis's order. A missing key has
// none. It is the older name of a [Geo.Search] by [ByRadius], which knows orders and counts
// as well; [Geo.SearchStore] has its STORE.
//
// It returns [ErrWrongType] if the key holds another type, [ErrCoordinates] if a longitude
// or a latitude is out of range, [ErrRadius] if the radius is negative or NaN and [ErrUnit]
// if there is no such unit.
//
// The complexity is O(log n + m), n the number of places and m that of those in a
// rectangle around the circle. Redis: [GEORADIUS], [GEORADIUS_RO].
//
// [GEORADIUS]: https://redis.io/docs/latest/commands/georadius/
// [GEORADIUS_RO]: https://redis.io/docs/latest/commands/georadius_ro/
func (g Geo) Radius(lon, lat, radius float64, unit Unit) ([]GeoResult, error) {
	q := ByRadius(FromPoint(lon, lat), radius, unit)
	return g.search("GEORADIUS", &q)
}

// RadiusByMember returns the places in a circle around that of a member, in Redis's order,
// and that member. A missing key has none. It is the older name of a [Geo.Search] by
// [ByRadius] and [FromMember], which knows orders and counts as well; [Geo.SearchStore] has
// its STORE.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNoCenter] if the member is
// not there, [ErrRadius] if the radius is negative or NaN and [ErrUnit] if there is no such
// unit.
//
// The complexity is O(log n + m), n the number of places and m that of those in a
// rectangle around the circle. Redis: [GEORADIUSBYMEMBER], [GEORADIUSBYMEMBER_RO].
//
// [GEORADIUSBYMEMBER]: https://redis.io/docs/latest/commands/georadiusbymember/
// [GEORADIUSBYMEMBER_RO]: https://redis.io/docs/latest/commands/georadiusbymember_ro/
func (g Geo) RadiusByMember(member string, radius float64, unit Unit) ([]GeoResult, error) {
	q := ByRadius(FromMember(member), radius, unit)
	return g.search("GEORADIUSBYMEMBER", &q)
}
