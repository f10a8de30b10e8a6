package command

import (
	"math"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store"
)

func init() { register(geoCommands) }

var geoCommands = []*Command{
	{
		Name: "geoadd", Arity: -5, Flags: Write | DenyOOM, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Gives members their places; without a sorted set it makes one.", run: runGeoAdd,
	},
	{
		Name: "geodist", Arity: -4, Flags: ReadOnly, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the distance of two members.", run: runGeoDist,
	},
	{
		Name: "geohash", Arity: -2, Flags: ReadOnly, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the geohashes of members.", run: runGeoHash,
	},
	{
		Name: "geopos", Arity: -2, Flags: ReadOnly, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the longitudes and latitudes of members.", run: runGeoPos,
	},
	{
		Name: "georadius", Arity: -6, Flags: Write | DenyOOM | MovableKeys, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access"), {Flags: "OW update", Keyword: "STORE", From: 6, Last: 0, Step: 1, Limit: 0}, {Flags: "OW update", Keyword: "STOREDIST", From: 6, Last: 0, Step: 1, Limit: 0}},
		orKeys:  geoRadiusKeys,
		Summary: "Returns or stores the members in a circle around a point.", run: runGeoRadius,
		more: func(args []string) []int { return storePlaces(args, 6) },
	},
	{
		Name: "georadius_ro", Arity: -6, Flags: ReadOnly, Since: "3.2.10", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a circle around a point.", run: runGeoRadiusRO,
	},
	{
		Name: "georadiusbymember", Arity: -5, Flags: Write | DenyOOM | MovableKeys, Since: "3.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access"), {Flags: "OW update", Keyword: "STORE", From: 5, Last: 0, Step: 1, Limit: 0}, {Flags: "OW update", Keyword: "STOREDIST", From: 5, Last: 0, Step: 1, Limit: 0}},
		orKeys:  geoRadiusKeys,
		Summary: "Returns or stores the members in a circle around one of them.", run: runGeoRadiusByMember,
		more: func(args []string) []int { return storePlaces(args, 5) },
	},
	{
		Name: "georadiusbymember_ro", Arity: -5, Flags: ReadOnly, Since: "3.2.10", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a circle around one of them.", run: runGeoRadiusByMemberRO,
	},
	{
		Name: "geosearch", Arity: -7, Flags: ReadOnly, Since: "6.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a circle or a box.", run: runGeoSearch,
	},
	{
		Name: "geosearchstore", Arity: -8, Flags: Write | DenyOOM, Since: "6.2.0", Group: "geo",
		Keys:    []KeySpec{at(1, "OW update"), at(2, "RO access")},
		Summary: "Stores the members in a circle or a box.", run: runGeoSearchStore,
	},
}

var (
	errUnit        = failed("ERR unsupported unit provided. please use M, KM, FT, MI")
	errNoMember    = failed("ERR could not decode requested zset member")
	errRadius      = failed("ERR need numeric radius")
	errWidth       = failed("ERR need numeric width")
	errHeight      = failed("ERR need numeric height")
	errRadiusMinus = failed("ERR radius cannot be negative")
	errBoxMinus    = failed("ERR height or width cannot be negative")
	errCorners     = failed("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices")
	errGeoAny      = failed("ERR the ANY argument requires COUNT argument")
)

// point reads the words at i and behind it as a longitude and a latitude.
func (c *call) point(i int) (p store.Point, bad *Reply) {
	if p.Lon, bad = c.float(i); bad != nil {
		return p, bad
	}
	if p.Lat, bad = c.float(i + 1); bad != nil {
		return p, bad
	}
	const mostLon, mostLat = 180, 85.05112878
	if math.Abs(p.Lon) > mostLon || math.Abs(p.Lat) > mostLat {
		r := failedf("ERR invalid longitude,latitude pair %s,%s", sixDecimals(p.Lon), sixDecimals(p.Lat))
		return p, &r
	}
	return p, nil
}

// sixDecimals is C's %f.
func sixDecimals(f float64) string {
	return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'f', 6, 64), "+"))
}

func (c *call) unit(i int) (store.Unit, *Reply) {
	for _, u := range []store.Unit{store.Meters, store.Kilometers, store.Feet, store.Miles} {
		if c.is(i, u.String()) {
			return u, nil
		}
	}
	return 0, &errUnit
}

func runGeoAdd(c *call) Reply {
	o := store.GeoAddOptions{}
	nx, xx := false, false
	i := 2
options:
	for ; i < len(c.args); i++ {
		switch {
		case c.is(i, "nx"):
			nx, o.If = true, store.IfAbsent
		case c.is(i, "xx"):
			xx, o.If = true, store.IfPresent
		case c.is(i, "ch"):
			o.Changed = true
		default:
			break options
		}
	}
	words := c.rest(i)
	if len(words)%3 != 0 || len(words) == 0 || nx && xx {
		return errSyntax
	}
	places := make([]store.GeoPlace, len(words)/3)
	for j := range places {
		p, bad := c.point(i + 3*j)
		if bad != nil {
			return *bad
		}
		places[j] = store.GeoPlace{Member: words[3*j+2], Point: p}
	}
	return countOr(c.db.Geo(c.args[1]).AddWith(o, places...))
}

func runGeoDist(c *call) Reply {
	unit := store.Meters
	switch len(c.args) {
	case 4:
	case 5:
		var bad *Reply
		if unit, bad = c.unit(4); bad != nil {
			return *bad
		}
	default:
		return errSyntax
	}
	d, err := c.db.Geo(c.args[1]).Dist(c.args[2], c.args[3], unit)
	if err != nil {
		return textOr("", err)
	}
	return distance(d)
}

// distance is one as Redis writes it.
func distance(d float64) Reply { return bulk(strconv.FormatFloat(d, 'f', 4, 64)) }

func runGeoHash(c *call) Reply { return optionalsOr(c.db.Geo(c.args[1]).Hash(c.rest(2)...)) }

func runGeoPos(c *call) Reply {
	list, err := c.db.Geo(c.args[1]).Pos(c.rest(2)...)
	if err != nil {
		return failure(err)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, p := range list {
		r.Elems[i] = noList
		if p.Found {
			r.Elems[i] = coordinates(p.Point)
		}
	}
	return r
}

func coordinates(p store.Point) Reply { return array(degrees(p.Lon), degrees(p.Lat)) }

// degrees is a number as Redis writes it for people (ld2string with LD_STR_HUMAN): 17 decimals
// without zeros at the end.
func degrees(f float64) Reply {
	text := strconv.FormatFloat(f, 'f', 17, 64)
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		text = "0"
	}
	return Reply{Kind: Double, Float: f, Str: text}
}

// storePlaces are the places behind all STORE and STOREDIST from a place on: of these it is the
// last that counts, while Redis tells of the first of each.
func storePlaces(args []string, from int) (places []int) {
	for i := from; i+1 < len(args); i++ {
		if same(args[i], "store") || same(args[i], "storedist") {
			places = append(places, i+1)
		}
	}
	return places
}

// geoRadiusKeys are the keys where STORE or STOREDIST is the last word (georadiusGetKeys in
// db.c).
func geoRadiusKeys(args []string) []int {
	places := []int{1}
	for i := 5; i+1 < len(args); i++ {
		if same(args[i], "store") || same(args[i], "storedist") {
			places = append(places[:1], i+1)
			i++
		}
	}
	return places
}
