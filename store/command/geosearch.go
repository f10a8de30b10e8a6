package command

import (
	"errors"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
)

// This file has GEOSEARCH and what there was before it.

// geosearch is what they are asked for (georadiusGeneric in geo.c).
type geosearch struct {
	c   *call
	key string

	search   bool // by the options of GEOSEARCH
	stores   bool // GEOSEARCHSTORE
	readOnly bool // without STORE

	shape   func(from store.GeoCenter) store.GeoQuery
	center  store.GeoCenter
	members []string // that must be there
	fromMember, fromPoint, byRadius, byBox, byPolygon,
	withDist, withHash, withCoord, any bool
	order     int // 1 the nearest first, -1 the farthest
	count     int
	target    string
	hasTarget bool
	storeDist bool
}

func runGeoSearch(c *call) Reply {
	g := geosearch{c: c, key: c.args[1], search: true}
	return g.run(g.options(2))
}

func runGeoSearchStore(c *call) Reply {
	g := geosearch{c: c, key: c.args[2], search: true, stores: true, target: c.args[1], hasTarget: true}
	return g.run(g.options(3))
}

func runGeoRadius(c *call) Reply           { return c.georadius(false) }
func runGeoRadiusRO(c *call) Reply         { return c.georadius(true) }
func runGeoRadiusByMember(c *call) Reply   { return c.georadiusByMember(false) }
func runGeoRadiusByMemberRO(c *call) Reply { return c.georadiusByMember(true) }

func (c *call) georadius(readOnly bool) Reply {
	g := geosearch{c: c, key: c.args[1], readOnly: readOnly}
	p, bad := c.point(2)
	if bad != nil {
		return g.run(bad)
	}
	g.center = store.FromPoint(p.Lon, p.Lat)
	if bad := g.radius(4); bad != nil {
		return g.run(bad)
	}
	return g.run(g.options(6))
}

func (c *call) georadiusByMember(readOnly bool) Reply {
	g := geosearch{c: c, key: c.args[1], readOnly: readOnly}
	g.from(c.args[2])
	if bad := g.radius(3); bad != nil {
		if _, err := c.db.ObjectEncoding(g.key); !errors.Is(err, store.ErrNotFound) { // nobody hears of this look
			return g.run(bad)
		}
		// Without the key Redis does not look at the radius.
		g.shape = func(from store.GeoCenter) store.GeoQuery { return store.ByRadius(from, 0, store.Meters) }
	}
	return g.run(g.options(5))
}

func (g *geosearch) from(member string) {
	g.members = append(g.members, member)
	g.center = store.FromMember(member)
}

// length reads the word at i as a number of units.
func (g *geosearch) length(i int, text *Reply) (float64, *Reply) {
	f, ok := parseFloat(g.c.args[i])
	if !ok {
		return 0, text
	}
	return f, nil
}

// radius reads the words at i and behind it as a circle.
func (g *geosearch) radius(i int) *Reply {
	r, bad := g.length(i, &errRadius)
	switch {
	case bad != nil:
		return bad
	case r < 0:
		return &errRadiusMinus
	}
	unit, bad := g.c.unit(i + 1)
	g.shape = func(from store.GeoCenter) store.GeoQuery { return store.ByRadius(from, r, unit) }
	return bad
}

// box reads the three words from i on as a box.
func (g *geosearch) box(i int) *Reply {
	width, bad := g.length(i, &errWidth)
	if bad != nil {
		return bad
	}
	height, bad := g.length(i+1, &errHeight)
	switch {
	case bad != nil:
		return bad
	case width < 0 || height < 0:
		return &errBoxMinus
	}
	unit, bad := g.c.unit(i + 2)
	g.shape = func(from store.GeoCenter) store.GeoQuery { return store.ByBox(from, width, height, unit) }
	return bad
}

// polygon reads the number at i and the corners behind it, as Valkey 9 has them.
func (g *geosearch) polygon(i int) (n int, bad *Reply) {
	corners, bad := g.c.index(i)
	if bad != nil {
		return 0, bad
	}
	if corners < 3 || corners > (len(g.c.args)-i-1)/2 {
		return 0, &errCorners
	}
	list := make([]store.Point, corners)
	for k := range list {
		if list[k], bad = g.c.point(i + 1 + 2*k); bad != nil {
			return 0, bad
		}
	}
	g.shape = func(store.GeoCenter) store.GeoQuery { return store.ByPolygon(list...) }
	return 2 + 2*corners, nil
}

// options reads the words from i on.
func (g *geosearch) options(i int) *Reply {
	for i < len(g.c.args) {
		n, bad := g.option(i, len(g.c.args)-i-1)
		switch {
		case bad != nil:
			return bad
		case n == 0:
			return &errSyntax
		}
		i += n
	}
	return g.conflict()
}

// option reads the option at i, behind which are more words, and returns how many words it
// has, 0 if there is none.
func (g *geosearch) option(i, more int) (n int, bad *Reply) {
	c := g.c
	switch {
	case c.is(i, "withdist"):
		g.withDist = true
	case c.is(i, "withhash"):
		g.withHash = true
	case c.is(i, "withcoord"):
		g.withCoord = true
	case c.is(i, "any"):
		g.any = true
	case c.is(i, "asc"):
		g.order = 1
	case c.is(i, "desc"):
		g.order = -1
	case c.is(i, "count") && more >= 1:
		if g.count, bad = c.index(i + 1); bad == nil && g.count <= 0 {
			bad = &errCountAbove0
		}
		return 2, bad
	case (c.is(i, "store") || c.is(i, "storedist")) && more >= 1 && !g.readOnly && !g.search:
		g.target, g.hasTarget, g.storeDist = c.args[i+1], true, c.is(i, "storedist")
		return 2, nil
	case c.is(i, "storedist") && g.stores:
		g.storeDist = true
	case g.search:
		return g.place(i, more)
	default:
		return 0, nil
	}
	return 1, nil
}

// place is option for those that only GEOSEARCH has.
func (g *geosearch) place(i, more int) (n int, bad *Reply) {
	c := g.c
	switch {
	case c.is(i, "frommember") && more >= 1 && !g.fromPoint:
		g.fromMember = true
		g.from(c.args[i+1])
		return 2, nil
	case c.is(i, "fromlonlat") && more >= 2 && !g.fromMember:
		g.fromPoint = true
		p, bad := c.point(i + 1)
		g.center = store.FromPoint(p.Lon, p.Lat)
		return 3, bad
	case c.is(i, "byradius") && more >= 2 && !g.byBox && !g.byPolygon:
		g.byRadius = true
		return 3, g.radius(i + 1)
	case c.is(i, "bybox") && more >= 3 && !g.byRadius && !g.byPolygon:
		g.byBox = true
		return 4, g.box(i + 1)
	case c.is(i, "bypolygon") && more >= 1 && !g.byRadius && !g.byBox && !g.byPolygon:
		g.byPolygon = true
		return g.polygon(i + 1)
	}
	return 0, nil
}

// conflict returns what is wrong with the options together.
func (g *geosearch) conflict() *Reply {
	var r Reply
	switch name := g.c.args[0]; {
	case g.hasTarget && (g.withDist || g.withHash || g.withCoord):
		what := "STORE option in GEORADIUS"
		if g.stores {
			what = "GEOSEARCHSTORE"
		}
		r = failedf("ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options", what)
	case g.byPolygon && (g.fromMember || g.fromPoint): // it has a middle of its own
		r = errSyntax
	case g.search && !g.byPolygon && !g.fromMember && !g.fromPoint:
		r = failedf("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %s", name)
	case g.search && !g.byRadius && !g.byBox && !g.byPolygon:
		r = failedf("ERR exactly one of BYRADIUS and BYBOX can be specified for %s", name)
	case g.any && g.count == 0:
		r = errGeoAny
	default:
		return nil
	}
	return &r
}

// run returns the reply. Redis looks at the key first, and at members where it reads them; so
// bad, what is wrong with the words, comes behind these.
func (g *geosearch) run(bad *Reply) Reply {
	if bad != nil || len(g.members) > 1 {
		if r := g.missing(bad); r != nil {
			return *r
		}
	}
	q := g.query()
	geo := g.c.db.Geo(g.key)
	if g.hasTarget {
		if !g.search {
			q = hook.Radius(q).(store.GeoQuery)
		}
		geo = g.c.db.Geo(g.target)
		if g.storeDist {
			return countOr(geo.SearchStoreDist(g.key, q))
		}
		return countOr(geo.SearchStore(g.key, q))
	}
	found, err := geo.Search(q)
	if err != nil {
		return failure(err)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, len(found))}
	for i := range found {
		r.Elems[i] = g.result(&found[i])
	}
	return r
}

// missing returns what Redis says of the key and of members before bad.
func (g *geosearch) missing(bad *Reply) *Reply {
	kind, err := g.c.db.Type(g.key)
	switch {
	case err != nil:
		r := failure(err)
		return &r
	case kind == store.KindNone:
		return bad
	case kind != store.KindZSet:
		return &errWrongType
	}
	for _, member := range g.members {
		if _, err := g.c.db.ZSet(g.key).Score(member); err == store.ErrNotFound {
			return &errNoMember
		}
	}
	return bad
}

func (g *geosearch) query() store.GeoQuery {
	q := g.shape(g.center)
	switch {
	case g.count > 0 && g.any:
		q = q.Any(g.count)
	case g.count > 0:
		q = q.Count(g.count)
	}
	switch {
	case g.order > 0:
		q = q.Asc()
	case g.order < 0:
		q = q.Desc()
	}
	return q
}

// result is a place with what was asked for of it.
func (g *geosearch) result(p *store.GeoResult) Reply {
	if !g.withDist && !g.withHash && !g.withCoord {
		return bulk(p.Member)
	}
	r := array(bulk(p.Member))
	if g.withDist {
		r.Elems = append(r.Elems, distance(p.Dist))
	}
	if g.withHash {
		r.Elems = append(r.Elems, integer(int64(p.Hash)))
	}
	if g.withCoord {
		r.Elems = append(r.Elems, coordinates(p.Point))
	}
	return r
}
