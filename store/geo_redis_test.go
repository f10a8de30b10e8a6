package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Places against Redis.

func init() {
	for text, err := range map[string]error{
		"ERR invalid longitude,latitude pair":                  ErrCoordinates,
		"ERR unsupported unit provided":                        ErrUnit,
		"ERR radius cannot be negative":                        ErrRadius,
		"ERR need numeric":                                     ErrRadius, // of NaN
		"ERR height or width cannot be negative":               ErrRadius,
		"ERR could not decode requested zset member":           ErrNoCenter,
		"ERR COUNT must be > 0":                                ErrOutOfRange,
		"ERR GEOSEARCH BYPOLYGON must have at least 3 vertice": ErrPolygon,
	} {
		redisErrors = append(redisErrors, struct {
			text string
			err  error
		}{text, err})
	}
	nan := map[string]error{"ERR value is not a valid float": ErrCoordinates}
	differs = append(differs,
		differ{name: "GEOADD", weight: 8, gen: genGeoAdd, call: callGeoAdd, errors: nan},
		differ{name: "GEOPOS", weight: 2, gen: genKeyMembers, call: callGeoPos},
		differ{name: "GEOHASH", weight: 2, gen: genKeyMembers, call: func(_ *twin, db DB, a []string) (any, error) {
			hashes, err := db.Geo(a[0]).Hash(a[1:]...)
			list := make([]any, len(hashes))
			for i, h := range hashes {
				if h.Found {
					list[i] = h.Value
				}
			}
			return result(list, err)
		}},
		differ{name: "GEODIST", weight: 2, gen: genGeoDist, call: func(_ *twin, db DB, a []string) (any, error) {
			unit := Meters
			if len(a) > 3 {
				unit = unitOf(a[3])
			}
			d, err := db.Geo(a[0]).Dist(a[1], a[2], unit)
			return result(distText(d), err)
		}},
	)
	for _, name := range []string{
		"GEOSEARCH", "GEOSEARCHSTORE", "GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO",
	} {
		differs = append(differs, differ{
			name: name, weight: 4, errors: nan,
			gen:  func(w *twin) []string { return genGeoSearch(w, name) },
			call: func(_ *twin, db DB, a []string) (any, error) { return callGeoSearch(db, name, a) },
		})
	}
	edges = append(edges, geoEdges...)
	deliberate = append(deliberate, geoDeliberate...)
}

// distText writes a distance as Redis's replies do (fixedpoint_d2string in util.c), and
// degreesText a coordinate.
func distText(d float64) string {
	n := int64(math.RoundToEven(d * 10000))
	return fmt.Sprintf("%d.%04d", n/10000, n%10000)
}

func degreesText(d float64) string {
	text := strings.TrimRight(strconv.FormatFloat(d, 'f', 17, 64), "0")
	return strings.TrimSuffix(text, ".")
}

func pointReply(p Point) any { return []any{degreesText(p.Lon), degreesText(p.Lat)} }

func unitOf(text string) Unit {
	for u := range Unit(len(units)) {
		if u.String() == strings.ToLower(text) {
			return u
		}
	}
	return Unit(len(units)) // one that there is not
}

// Points in the places where searches have it hard, beside those anywhere: at the poles,
// where 180 degrees are, on the edges of cells, and the same ones again.
var oddPoints = []Point{
	{0, 0},
	{180, 85.05112878},
	{-180, -85.05112878},
	{180, 0},
	{-180, 0},
	{179.9999, 10},
	{-179.9999, 10},
	{90, 0},
	{0, 85.05112878},
	{12, -85.05112878},
	{13.361389, 38.115556},
	{15.087269, 37.502669},
	{15.0872690001, 37.502669},
	{-122.407107, 37.7943},
	{45, 66.0000001},
	{-45, -80.0000001},
	{0.0000001, -0.0000001},
	{10, 42.52556439},
	{10, 10},
	{10, 10.5},
}

func randomPoint(r *rand.Rand) Point {
	switch r.IntN(6) {
	case 0:
		return oddPoints[r.IntN(len(oddPoints))]
	case 1: // close to one of them
		p := oddPoints[r.IntN(len(oddPoints))]
		by := math.Pow(10, -r.Float64()*7)
		return Point{
			Lon: min(max(p.Lon+(r.Float64()*2-1)*by, -180), 180),
			Lat: min(max(p.Lat+(r.Float64()*2-1)*by, -85.05112878), 85.05112878),
		}
	case 2:
		return Point{float64(r.IntN(361) - 180), float64(r.IntN(171) - 85)}
	}
	return Point{r.Float64()*360 - 180, r.Float64()*170.1 - 85.05}
}

func (w *twin) point() []string {
	if w.rng.IntN(40) == 0 {
		return pick(w, [][]string{{"180.0000001", "0"}, {"0", "85.05112879"}, {"-181", "5"}, {"0", "-90"}, {"nan", "0"}, {"0", "inf"}})
	}
	p := randomPoint(w.rng)
	return []string{formatFloat(p.Lon), formatFloat(p.Lat)}
}

func genGeoAdd(w *twin) []string {
	args := []string{w.key()}
	args = append(args, strings.Fields(pick(w, []string{"", "", "NX", "XX", "CH", "CH XX", "NX CH"}))...)
	for range 1 + w.rng.IntN(5) {
		args = append(append(args, w.point()...), w.zmember())
	}
	return args
}

func callGeoAdd(_ *twin, db DB, a []string) (any, error) {
	var o GeoAddOptions
	g := db.Geo(a[0])
	for a = a[1:]; slices.Contains([]string{"NX", "XX", "CH"}, a[0]); a = a[1:] {
		if a[0] == "CH" {
			o.Changed = true
		} else {
			o.If = conditions[a[0]]
		}
	}
	var places []GeoPlace
	for ; len(a) > 0; a = a[3:] {
		places = append(places, GeoPlace{a[2], Point{scoreArg(a[0]), scoreArg(a[1])}})
	}
	if (o == GeoAddOptions{}) {
		return count(g.Add(places...))
	}
	return count(g.AddWith(o, places...))
}

func callGeoPos(_ *twin, db DB, a []string) (any, error) {
	points, err := db.Geo(a[0]).Pos(a[1:]...)
	list := make([]any, len(points))
	for i, p := range points {
		if p.Found {
			list[i] = pointReply(p.Point)
		}
	}
	return result(list, err)
}

func genGeoDist(w *twin) []string {
	args := []string{w.key(), w.zmember(), w.zmember()}
	if w.rng.IntN(2) == 0 {
		args = append(args, pick(w, []string{"m", "km", "mi", "ft", "KM", "yd"}))
	}
	return args
}

// length returns a distance, mostly one that fits to what is on Earth.
func (w *twin) length() string {
	return formatFloat(math.Round(math.Pow(10, w.rng.Float64()*10-2)*1000) / 1000)
}

// genGeoSearch makes at most one mistake in a line: which one Redis finds first is of no
// interest.
func genGeoSearch(w *twin, name string) []string {
	unit := pick(w, []string{"m", "km", "mi", "ft"})
	length, other, point := w.length(), w.length(), w.point()
	many := strconv.Itoa(1 + w.rng.IntN(4))
	if w.rng.IntN(20) == 0 && len(point[0]) < 16 && point[0] != "nan" && !strings.HasSuffix(name, "_RO") && !strings.Contains(name, "BYMEMBER") {
		point = []string{"1", "1"}
		switch w.rng.IntN(4) {
		case 0:
			unit = "yd"
		case 1:
			length = pick(w, []string{"-1", "nan", "-0.001", "-inf"})
		case 2:
			many = pick(w, []string{"0", "-1", "-9223372036854775808"})
		case 3:
			length, many = "inf", "9223372036854775807"
		}
	}
	var args []string
	key := w.key()
	switch {
	case name == "GEOSEARCHSTORE":
		args = []string{w.key(), key}
	default:
		args = []string{key}
	}
	switch {
	case strings.HasPrefix(name, "GEORADIUSBYMEMBER"):
		args = append(args, w.zmember(), length, unit)
	case strings.HasPrefix(name, "GEORADIUS"):
		args = append(append(args, point...), length, unit)
	default:
		if w.rng.IntN(2) == 0 {
			args = append(args, "BYRADIUS", length, unit)
		} else {
			args = append(args, "BYBOX", length, other, unit)
		}
		if w.rng.IntN(3) == 0 && point[1] != "1" {
			args = append(args, "FROMMEMBER", w.zmember())
		} else {
			args = append(append(args, "FROMLONLAT"), point...)
		}
	}
	args = append(args, strings.Fields(pick(w, []string{"", "", "ASC", "DESC"}))...)
	switch w.rng.IntN(4) {
	case 0:
		args = append(args, "COUNT", many)
	case 1:
		args = append(args, "COUNT", many, "ANY")
	}
	if stores := !strings.HasSuffix(name, "_RO") && strings.HasPrefix(name, "GEORADIUS"); stores && w.rng.IntN(4) == 0 {
		return append(args, "STORE", w.key())
	}
	if name == "GEOSEARCHSTORE" {
		return args
	}
	return append(args, strings.Fields(pick(w, []string{
		"", "WITHDIST", "WITHCOORD", "WITHHASH", "WITHDIST WITHHASH", "WITHCOORD WITHHASH WITHDIST",
	}))...)
}

// A geoLine is what a command line of a search says.
type geoLine struct {
	q                      GeoQuery
	dist, hash, coord      bool
	stores, storesDistance bool
	dst, src               string
	plain                  bool // neither an order nor a count
}

func geoLineOf(name string, a []string) (l geoLine, err error) {
	if name == "GEOSEARCHSTORE" {
		l.stores, l.dst, a = true, a[0], a[1:]
	}
	l.src, a = a[0], a[1:]
	l.plain = true
	var from GeoCenter
	by := func(GeoCenter) GeoQuery { return GeoQuery{} }
	circle := func(radius, unit string) {
		by = func(c GeoCenter) GeoQuery { return ByRadius(c, scoreArg(radius), unitOf(unit)) }
	}
	switch {
	case strings.HasPrefix(name, "GEORADIUSBYMEMBER"):
		from = FromMember(a[0])
		circle(a[1], a[2])
		a = a[3:]
	case strings.HasPrefix(name, "GEORADIUS"):
		from = FromPoint(scoreArg(a[0]), scoreArg(a[1]))
		circle(a[2], a[3])
		a = a[4:]
	}
	options := func(q GeoQuery) GeoQuery { return q }
	then := func(f func(GeoQuery) GeoQuery) {
		before := options
		options = func(q GeoQuery) GeoQuery { return f(before(q)) }
		l.plain = false
	}
	for i := 0; i < len(a); i++ {
		switch a[i] {
		case "FROMMEMBER":
			from = FromMember(a[i+1])
			i++
		case "FROMLONLAT":
			from = FromPoint(scoreArg(a[i+1]), scoreArg(a[i+2]))
			i += 2
		case "BYRADIUS":
			circle(a[i+1], a[i+2])
			i += 2
		case "BYBOX":
			box := a[i+1 : i+4]
			by = func(c GeoCenter) GeoQuery { return ByBox(c, scoreArg(box[0]), scoreArg(box[1]), unitOf(box[2])) }
			i += 3
		case "BYPOLYGON":
			n, err := strconv.Atoi(a[i+1])
			if err != nil {
				return l, errInexpressible
			}
			var corners []Point
			for i += 2; len(corners) < n && i+1 < len(a); i += 2 {
				corners = append(corners, Point{scoreArg(a[i]), scoreArg(a[i+1])})
			}
			i--
			by = func(GeoCenter) GeoQuery { return ByPolygon(corners...) }
		case "ASC":
			then(GeoQuery.Asc)
		case "DESC":
			then(GeoQuery.Desc)
		case "COUNT":
			n, err := strconv.Atoi(a[i+1])
			if err != nil {
				return l, errInexpressible
			}
			i++
			if i+1 < len(a) && a[i+1] == "ANY" {
				then(func(q GeoQuery) GeoQuery { return q.Any(n) })
				i++
			} else {
				then(func(q GeoQuery) GeoQuery { return q.Count(n) })
			}
		case "WITHDIST":
			l.dist = true
		case "WITHHASH":
			l.hash = true
		case "WITHCOORD":
			l.coord = true
		case "STORE", "STOREDIST":
			l.storesDistance = a[i] == "STOREDIST"
			if name != "GEOSEARCHSTORE" {
				l.stores, l.dst = true, a[i+1]
				i++
			}
		default:
			return l, errInexpressible
		}
	}
	l.q = options(by(from))
	l.q.radius = name != "GEOSEARCHSTORE"
	return l, nil
}

func callGeoSearch(db DB, name string, a []string) (any, error) {
	l, err := geoLineOf(name, a)
	switch {
	case err != nil:
		return nil, err
	case l.storesDistance:
		return count(db.Geo(l.dst).SearchStoreDist(l.src, l.q))
	case l.stores:
		return count(db.Geo(l.dst).SearchStore(l.src, l.q))
	}
	var found []GeoResult
	g := db.Geo(l.src)
	switch {
	case l.plain && strings.HasPrefix(name, "GEORADIUSBYMEMBER"):
		found, err = g.RadiusByMember(a[1], scoreArg(a[2]), unitOf(a[3]))
	case l.plain && strings.HasPrefix(name, "GEORADIUS"):
		found, err = g.Radius(scoreArg(a[1]), scoreArg(a[2]), scoreArg(a[3]), unitOf(a[4]))
	default:
		found, err = g.Search(l.q)
	}
	if l.q.order != asFound || l.q.limited && !l.q.any {
		return result(any(placesInOrder{l.reply(found), found, l.q.limited && !l.q.any}), err)
	}
	return result(any(l.reply(found)), err)
}

// placesInOrder is a reply that is ordered by distances. Two of them that differ in the last bits
// alone may be equal in Redis, or the other way round, as a sine of its C library may be the next
// number: where places differ and their distances hardly do, members come in any order.
type placesInOrder struct {
	items []any
	found []GeoResult
	cut   bool // there may be more behind the last one
}

func (p placesInOrder) equal(theirs any) bool {
	list, ok := theirs.([]any)
	if !ok || len(list) != len(p.items) {
		return false
	}
	for i, end := 0, 0; i < len(list); i = end {
		onePlace := true
		for end = i + 1; end < len(list) && math.Abs(p.found[end].Dist-p.found[i].Dist) <= 1e-14*p.found[i].Dist; end++ {
			onePlace = onePlace && p.found[end].Hash == p.found[i].Hash
		}
		ours, theirs := p.items[i:end], list[i:end]
		switch {
		case reflect.DeepEqual(ours, theirs):
		case onePlace:
			return false
		case p.cut && end == len(list): // which of them came before the cut is open, too
		case !slices.Equal(textsOf(ours), textsOf(theirs)):
			return false
		}
	}
	return true
}

// textsOf returns a text of each item, sorted.
func textsOf(items []any) (texts []string) {
	for _, item := range items {
		texts = append(texts, fmt.Sprint(item))
	}
	slices.Sort(texts)
	return texts
}

func (l *geoLine) reply(found []GeoResult) []any {
	list := []any{}
	for _, f := range found {
		if !l.dist && !l.hash && !l.coord {
			list = append(list, f.Member)
			continue
		}
		item := []any{f.Member}
		if l.dist {
			item = append(item, distText(f.Dist))
		}
		if l.hash {
			item = append(item, int64(f.Hash))
		}
		if l.coord {
			item = append(item, pointReply(f.Point))
		}
		list = append(list, item)
	}
	return list
}

var geoEdges = []struct{ name, lines string }{
	{"geo add", `
		GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania | GEOADD g NX 1 1 Palermo 2 2 new | GEOADD g XX 3 3 new 4 4 no |
		GEOADD g CH 3 3 new 5 5 other | GEOADD g XX CH 3 3 new 6 6 other | GEOADD g NX CH 0 0 x | GEOADD g 1 1 a 181 1 b |
		GEOADD none 1 1 a 1 85.05112879 b | GEOADD none nan 1 a | GEOADD none 1 inf a | GEOADD none XX 1 1 a | EXISTS none |
		GEOADD g 180 85.05112878 max -180 -85.05112878 min 180 -85.05112878 mixed 0 0 "" | GEOADD g 1 1 a 2 2 a 3 3 a | GEOADD g CH 1 1 a 2 2 a |
		GEOPOS g max min mixed "" a Palermo | HSET h f v | GEOADD h 1 1 a | GEOADD h 999 1 a | TYPE g | ZSCORE g Palermo | ZREM g Palermo |
		GEOADD l 1 1 ~64 | GEOADD l 1 1 ~65 | OBJECT ENCODING l | GEOADD "" 1 1 a | SET p v PXAT 1 | GEOADD p 1 1 a`},
	{"geo read", `
		GEOPOS none a | GEOPOS none a b | GEOHASH none a | GEODIST none a b | GEODIST none a b yd | GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania |
		GEOPOS g Palermo x Catania Palermo | GEOHASH g Palermo x Catania | GEODIST g Palermo Catania | GEODIST g Palermo Catania m |
		GEODIST g Palermo Catania km | GEODIST g Palermo Catania mi | GEODIST g Palermo Catania ft | GEODIST g Palermo Palermo |
		GEODIST g Palermo x | GEODIST g x Palermo km | GEODIST g x y | GEODIST g Palermo Catania yd | HSET h f v | GEOPOS h a | GEOHASH h a |
		GEODIST h a b | ZADD w -1 neg 1.5 frac inf inf -inf ninf 4503599627370496 top 1e18 big 1e19 huge 0 zero 4503599627370495 max -0.5 tiny |
		GEOPOS w neg frac inf ninf top big huge zero max tiny | GEOHASH w neg frac inf ninf top big huge zero max tiny | GEODIST w neg zero |
		GEODIST w inf ninf | GEOSEARCH w FROMMEMBER neg BYRADIUS 30000 km WITHHASH WITHDIST | GEOSEARCH w FROMMEMBER zero BYBOX 1 1 m WITHHASH WITHCOORD`},
	{"geo search", `
		GEOSEARCH none FROMLONLAT 1 1 BYRADIUS 1 km | GEOSEARCH none FROMMEMBER a BYRADIUS 1 km | GEOSEARCH none FROMMEMBER a BYRADIUS -1 km |
		GEORADIUS none 1 1 1 km | GEORADIUSBYMEMBER none a 1 km | GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania |
		GEOADD g 12.758489 38.788135 edge1 17.241510 38.788135 edge2 | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC |
		GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km WITHCOORD WITHDIST WITHHASH |
		GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km DESC WITHDIST | GEOSEARCH g FROMMEMBER x BYRADIUS 200 km | GEOSEARCH g FROMMEMBER x BYBOX 1 1 km |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 0 m | GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m | GEOSEARCH g FROMMEMBER Palermo BYBOX 0 0 m |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS inf m | GEOSEARCH g FROMLONLAT 15 37 BYBOX inf inf m WITHDIST | GEOSEARCH g FROMLONLAT 15 37 BYBOX inf 1 km |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1e300 mi | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 5e-324 m | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 m |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS nan m | GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 -1 m | GEOSEARCH g FROMLONLAT 15 37 BYBOX nan 1 m |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 yd | GEOSEARCH g FROMLONLAT 181 37 BYRADIUS 1 m | GEOSEARCH g FROMLONLAT 15 86 BYBOX 1 1 m |
		GEOSEARCH g FROMLONLAT nan 1 BYRADIUS 1 m | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 0 | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT -1 ANY |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 2 | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 2 DESC |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 2 ANY | GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 3 ANY ASC |
		GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 999 km COUNT 9223372036854775807 | HSET h f v | GEOSEARCH h FROMLONLAT 1 1 BYRADIUS 1 m |
		GEOSEARCH h FROMMEMBER a BYRADIUS -1 m | GEORADIUS g 15 37 200 km | GEORADIUS g 15 37 200 km WITHDIST DESC | GEORADIUS_RO g 15 37 200 mi COUNT 1 |
		GEORADIUSBYMEMBER g Palermo 200 km | GEORADIUSBYMEMBER g x 200 km | GEORADIUSBYMEMBER_RO g Palermo 200 km ASC WITHCOORD |
		GEORADIUSBYMEMBER g Palermo -1 km | GEORADIUS g 15 37 1 yd | GEORADIUS g 15 91 1 m | GEORADIUS g 15 37 -1 m | GEORADIUS h 1 1 1 m |
		GEORADIUSBYMEMBER h a 1 m | GEOADD d 179.5 36 p1 -179.5 36 p2 | GEOSEARCH d FROMLONLAT 179 37 BYBOX 400 400 km ASC |
		GEOSEARCH d FROMLONLAT -179 37 BYBOX 400 400 km ASC WITHDIST | GEOADD q -122.407107 37.794300 1 -122.227336 37.794300 2 |
		GEORADIUS q -122.407107 37.794300 30 mi ASC WITHDIST`},
	{"geo store", `
		GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 17.241510 38.788135 edge | GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km |
		GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 1 | GEOSEARCHSTORE d g FROMMEMBER x BYRADIUS 1 km | ZCARD d |
		GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 yd | GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS -1 m | GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m |
		EXISTS d | SET d v EX 1000 | GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 1 m | EXISTS d | SET d v EX 1000 | GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 500 km |
		TTL d | GEOSEARCHSTORE g g FROMLONLAT 15 37 BYRADIUS 200 km DESC | HSET h f v | GEOSEARCHSTORE d h FROMLONLAT 15 37 BYRADIUS 200 km | ZCARD d |
		GEOSEARCHSTORE h g FROMLONLAT 15 37 BYRADIUS 200 km | TYPE h | GEORADIUS g 15 37 200 km STORE e | GEORADIUSBYMEMBER g Palermo 1 km STORE e |
		GEORADIUS g 0 0 1 m STORE e | EXISTS e | GEORADIUSBYMEMBER none a 1 km STORE h | EXISTS h | GEOADD z 1 1 a |
		GEOSEARCHSTORE zd z FROMMEMBER a BYRADIUS 1 m STOREDIST | GEORADIUSBYMEMBER z a 5 ft STOREDIST zd`},
}

var geoDeliberate = []struct {
	why   string
	lines []string
	redis reply
	ours  func(t *testing.T, db DB) (any, error)
	want  any
}{
	{
		why: "a mistake is one, whether the key is there or not", lines: []string{"GEORADIUSBYMEMBER none a -1 km"}, redis: []any{},
		ours: func(_ *testing.T, db DB) (any, error) {
			_, err := db.Geo("none").RadiusByMember("a", -1, Kilometers)
			return nil, err
		}, want: ErrRadius,
	},
	{
		why: "Any has its count", lines: []string{"GEOSEARCH none FROMLONLAT 1 1 BYRADIUS 1 m ANY"},
		redis: redisError("ERR the ANY argument requires COUNT argument"),
	},
	{
		why: "a query has one shape", lines: []string{"GEOSEARCH none FROMLONLAT 1 1 BYRADIUS 1 m BYBOX 1 1 m"},
		redis: redisError("ERR syntax error"),
	},
	{
		why: "STOREDIST is a method, which returns no coordinates", lines: []string{"GEORADIUS none 1 1 1 m WITHDIST STOREDIST d"},
		redis: redisError("ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"),
	},
	{
		why: "what compares is no condition of GEOADD", lines: []string{"GEOADD g GT 1 1 a"}, redis: redisError("ERR syntax error"),
		ours: func(_ *testing.T, db DB) (any, error) {
			return db.Geo("g").AddWith(GeoAddOptions{If: IfGreater}, GeoPlace{"a", Point{1, 1}})
		}, want: ErrInvalidOption,
	},
}

// TestRedisGeo searches many places in many ways: the same ones in the same order, as far as
// rounding tells, and what is stored as distances differs in the last bits at most, in which C
// libraries differ, too.
func TestRedisGeo(t *testing.T) {
	w := newTwin(t, seededRand(t))
	rounds, queries := 12, 400
	if testing.Short() || raceEnabled {
		rounds = 3
	}
	for round := range rounds {
		w.reset()
		n := []int{5, 100, 1500}[round%3]
		addRandomPlaces(w, n)
		for range queries {
			name := pick(w, []string{"GEOSEARCH", "GEOSEARCH", "GEORADIUS", "GEORADIUSBYMEMBER"})
			args := genGeoSearch(w, name)
			if slices.Contains(args, "STORE") {
				continue
			}
			args[0] = "g"
			if strings.HasSuffix(name, "MEMBER") {
				args[1] = "m" + strconv.Itoa(w.rng.IntN(n))
			}
			w.run(false, name, append(args, "WITHDIST", "WITHHASH", "WITHCOORD")...)
		}
		w.compare()
		for range queries / 8 {
			w.storeDistances(n)
		}
	}
	w.close()
}

func addRandomPlaces(w *twin, n int) {
	args := []string{"g"}
	for i := range n {
		p := randomPoint(w.rng)
		args = append(args, formatFloat(p.Lon), formatFloat(p.Lat), "m"+strconv.Itoa(i))
	}
	w.run(false, "GEOADD", args...)
	w.compare()
}

// storeDistances compares one STOREDIST.
func (w *twin) storeDistances(n int) {
	w.t.Helper()
	member, radius := "m"+strconv.Itoa(w.rng.IntN(n)), w.length()
	w.run(false, "GEORADIUSBYMEMBER", "g", member, radius, "km", "STOREDIST", "d")
	w.compare()
	list, err := w.db().ZSet("d").RangeWithScores(ByRank(0, -1))
	if err != nil {
		w.t.Fatal(err)
	}
	real := w.c.do(w.t, "ZRANGE", "d", "0", "-1", "WITHSCORES").([]any)
	scores := map[string]float64{}
	for ; len(real) > 0; real = real[2:] {
		scores[real[0].(string)] = scoreArg(real[1].(string))
	}
	for _, m := range list {
		want := scores[m.Member]
		// On the other side of the Earth a distance is an arcsine of nearly 1, which
		// magnifies the last bit of what it is taken of.
		const radius, bit = 6372.797560856, 1.0 / (1 << 52)
		slope := max(math.Abs(math.Cos(want/(2*radius))), math.Sqrt(bit))
		if math.Abs(m.Score-want) > 4*bit*(want+radius/slope) {
			w.t.Fatalf("the distance of %s from %s: %v, in Redis %v", m.Member, member, m.Score, want)
		}
	}
}
