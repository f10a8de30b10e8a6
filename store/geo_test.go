package store

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

func init() {
	handleMakers["Geo"] = func(db DB, key string) any { return db.Geo(key) }
	noCommands["DB.Geo"] = "it makes a handle"
	noCommands["Geo.Key"] = "it reads the handle"
	over := create.except("GEOSEARCHSTORE overwrites any type", anyType)
	for name, r := range map[string]rule{
		"Add": create, "AddWith": create, "Dist": lookup, "Search": sizeOf, "Radius": sizeOf, "RadiusByMember": sizeOf,
		"Pos":         sizeOf.except("it says found or not", func(r *rule) { r.zero = false }),
		"Hash":        sizeOf.except("it says found or not", func(r *rule) { r.zero = false }),
		"SearchStore": over, "SearchStoreDist": over,
	} {
		methodRules["Geo."+name] = r
	}
	some, q := []GeoPlace{{"a", Point{1, 2}}, {"b", Point{3, 4}}}, ByRadius(FromPoint(-180, -85), 1000, Kilometers)
	for name, args := range map[string][]any{
		"Add": {some}, "AddWith": {GeoAddOptions{}, some}, "Dist": {"m1", "m2", Meters}, "Search": {q.Asc()},
		"SearchStore": {"z2", q}, "SearchStoreDist": {"z2", q.Count(1)},
		"Radius": {-180.0, -85.0, 1000.0, Miles}, "RadiusByMember": {"m1", 5.0, Feet},
	} {
		methodArguments["Geo."+name] = args
	}
}

// sicily is the example of Redis's documentation.
func sicily(t testing.TB, s *Store, key string) Geo {
	t.Helper()
	g := s.Geo(key)
	n, err := g.Add(
		GeoPlace{"Palermo", Point{13.361389, 38.115556}}, GeoPlace{"Catania", Point{15.087269, 37.502669}},
		GeoPlace{"edge1", Point{12.758489, 38.788135}}, GeoPlace{"edge2", Point{17.241510, 38.788135}},
	)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	return g
}

func names(results []GeoResult) (list []string) {
	for _, r := range results {
		list = append(list, r.Member)
	}
	return list
}

// What a real Redis has answered, in testdata.
func TestGeoGolden(t *testing.T) {
	require.Len(t, replay(t, "testdata/geo.txt"), 8)
}

// GEOADD by its conditions.
func TestGeoConditions(t *testing.T) {
	for _, c := range []struct {
		cond           Condition
		added, changed int
		want           []Point // of a, b, c
	}{
		{Always, 1, 2, []Point{{9, 9}, {2, 2}, {3, 3}}},
		{IfAbsent, 1, 1, []Point{{1, 1}, {2, 2}, {3, 3}}},
		{IfPresent, 0, 1, []Point{{9, 9}, {2, 2}}},
	} {
		for _, changed := range []bool{false, true} {
			g := newTest(t).Geo("g")
			_, err := g.Add(GeoPlace{"a", Point{1, 1}}, GeoPlace{"b", Point{2, 2}})
			require.NoError(t, err)
			n, err := g.AddWith(GeoAddOptions{If: c.cond, Changed: changed},
				GeoPlace{"a", Point{9, 9}}, GeoPlace{"b", Point{2, 2}}, GeoPlace{"c", Point{3, 3}})
			require.NoError(t, err)
			if changed {
				require.Equal(t, c.changed, n)
			} else {
				require.Equal(t, c.added, n)
			}
			points, err := g.Pos("a", "b", "c")
			require.NoError(t, err)
			for i, p := range points {
				require.Equal(t, i < len(c.want), p.Found)
				if p.Found {
					require.InDelta(t, c.want[i].Lon, p.Point.Lon, 1e-5)
					require.InDelta(t, c.want[i].Lat, p.Point.Lat, 1e-5)
				}
			}
		}
	}
}

// Arguments that mean nothing change nothing.
func TestGeoMistakes(t *testing.T) {
	s := newTest(t)
	g := sicily(t, s, "g")
	_, err := s.Geo("d").SearchStore("g", ByRadius(FromMember("Palermo"), 1, Kilometers))
	require.NoError(t, err)
	before := printOf(t, s)
	nan, inf := math.NaN(), math.Inf(1)
	first := func(_ any, err error) error { return err }
	fine := FromPoint(15, 37)
	corner := Point{1, 1}
	for i, c := range []struct{ want, got error }{
		{ErrCoordinates, first(g.Add(GeoPlace{"x", Point{1, 1}}, GeoPlace{"y", Point{180.00001, 1}}))},
		{ErrCoordinates, first(g.Add(GeoPlace{"x", Point{1, 85.06}}, GeoPlace{"y", Point{1, 1}}))},
		{ErrCoordinates, first(g.Add(GeoPlace{"x", Point{nan, 1}}))},
		{ErrCoordinates, first(g.Add(GeoPlace{"x", Point{1, -inf}}))},
		{ErrInvalidOption, first(g.AddWith(GeoAddOptions{If: IfGreater}, GeoPlace{"x", Point{1, 1}}))},
		{ErrInvalidOption, first(g.AddWith(GeoAddOptions{If: IfPresentAndLess + 1}, GeoPlace{"x", Point{1, 1}}))},
		{ErrUnit, first(g.Dist("Palermo", "Catania", Feet+1))},
		{ErrUnit, first(g.Search(ByRadius(fine, 1, 200)))},
		{ErrRadius, first(g.Search(ByRadius(fine, -1, Meters)))},
		{ErrRadius, first(g.Search(ByRadius(fine, nan, Meters)))},
		{ErrRadius, first(g.Search(ByBox(fine, 1, -1, Meters)))},
		{ErrRadius, first(g.Search(ByBox(fine, nan, 1, Meters)))},
		{ErrCoordinates, first(g.Search(ByBox(FromPoint(181, 0), 1, 1, Meters)))},
		{ErrCoordinates, first(g.Radius(0, nan, 1, Meters))},
		{ErrNoCenter, first(g.Search(ByRadius(FromMember("nobody"), 1, Meters)))},
		{ErrNoCenter, first(g.RadiusByMember("nobody", 1, Meters))},
		{ErrRadius, first(g.RadiusByMember("nobody", -1, Meters))},
		{ErrOutOfRange, first(g.Search(ByRadius(fine, 1, Meters).Count(0)))},
		{ErrOutOfRange, first(g.Search(ByRadius(fine, 1, Meters).Any(math.MinInt)))},
		{ErrInvalidOption, first(g.Search(GeoQuery{}))},
		{ErrInvalidOption, first(s.Geo("d").SearchStore("g", GeoQuery{}.Asc()))},
		{ErrPolygon, first(g.Search(ByPolygon()))},
		{ErrPolygon, first(g.Search(ByPolygon(corner, corner)))},
		{ErrCoordinates, first(g.Search(ByPolygon(corner, corner, Point{nan, 1})))},
		{ErrCoordinates, first(s.Geo("none").Search(ByPolygon(corner, corner, Point{1, 91})))},
		{ErrNoCenter, first(s.Geo("d").SearchStore("g", ByRadius(FromMember("nobody"), 1, Meters)))},
		{ErrRadius, first(s.Geo("d").SearchStore("none", ByRadius(fine, -1, Meters)))},
		{ErrOutOfRange, first(s.Geo("d").SearchStoreDist("g", ByRadius(fine, 1, Meters).Count(-1)))},
		{ErrPolygon, first(s.Geo("d").SearchStoreDist("g", ByPolygon(corner)))},
	} {
		requireOutcome(t, c.want, c.got, strconv.Itoa(i))
	}
	require.Equal(t, before, printOf(t, s))
	require.Equal(t, "unknown", (Feet + 1).String())

	// Another type is ErrWrongType, whatever else is wrong.
	require.NoError(t, s.String("text").Set("v"))
	requireOutcome(t, ErrWrongType, first(s.Geo("text").Search(ByRadius(fine, -1, Meters))), "GEOSEARCH")
	requireOutcome(t, ErrWrongType, first(s.Geo("d").SearchStore("text", ByPolygon())), "GEOSEARCHSTORE")
}

// A search finds the same in both forms of a sorted set, in order, with and without counts.
func TestGeoSearch(t *testing.T) {
	for name, opts := range optionSets() {
		g := sicily(t, newTest(t, opts...), "g")
		near := ByRadius(FromPoint(15, 37), 200, Kilometers)
		for _, c := range []struct {
			q    GeoQuery
			want []string
		}{
			{near, []string{"Palermo", "Catania"}},
			{near.Asc(), []string{"Catania", "Palermo"}},
			{near.Count(1), []string{"Catania"}},
			{near.Desc().Count(1), []string{"Palermo"}},
			{near.Count(1).Desc(), []string{"Palermo"}},
			{near.Any(1), []string{"Palermo"}},
			{near.Any(1).Count(5), []string{"Catania", "Palermo"}},
			{near.Any(5).Desc(), []string{"Palermo", "Catania"}},
			{ByBox(FromPoint(15, 37), 400, 400, Kilometers).Asc(), []string{"Catania", "Palermo", "edge2", "edge1"}},
			{ByBox(FromMember("Palermo"), 1, 1, Feet), []string{"Palermo"}},
			{ByPolygon(Point{12, 37}, Point{16, 37}, Point{14, 39}).Asc(), []string{"Palermo", "Catania"}},
			{ByRadius(FromPoint(-15, -37), 200, Kilometers), nil},
		} {
			got, err := g.Search(c.q)
			require.NoError(t, err)
			require.Equal(t, c.want, names(got), "%s: %+v", name, c.q)
		}
		got, err := g.Search(near.Asc())
		require.NoError(t, err)
		require.InDelta(t, 56.4413, got[0].Dist, 5e-5)
		require.Equal(t, uint64(3479447370796909), got[0].Hash)
		require.Equal(t, Point{15.087267458438873, 37.50266842333162}, got[0].Point)
	}
}

// What was given to ByPolygon is its caller's, and a query can be used again.
func TestGeoQueryIsAValue(t *testing.T) {
	g := sicily(t, newTest(t), "g")
	corners := []Point{{12, 37}, {16, 37}, {14, 39}}
	q := ByPolygon(corners...)
	clear(corners)
	for range 2 {
		got, err := g.Search(q)
		require.NoError(t, err)
		require.Len(t, got, 2)
	}
	one, all := q.Count(1), q.Asc()
	got, err := g.Search(all)
	require.NoError(t, err)
	require.Len(t, got, 2)
	got, err = g.Search(one)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

// Places are a sorted set.
func TestGeoIsZSet(t *testing.T) {
	s := newTest(t)
	g := sicily(t, s, "g")
	kind, err := s.Type("g")
	require.NoError(t, err)
	require.Equal(t, KindZSet, kind)
	score, err := s.ZSet("g").Score("Palermo")
	require.NoError(t, err)
	require.Equal(t, 3479099956230698.0, score)
	n, err := s.ZSet("g").Rem("Palermo", "edge1")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	_, err = g.Dist("Palermo", "Catania", Meters)
	require.Equal(t, ErrNotFound, err)

	n, err = s.Geo("dist").SearchStoreDist("g", ByRadius(FromMember("Catania"), 1000, Kilometers))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	list, err := s.ZSet("dist").RangeWithScores(ByRank(0, -1))
	require.NoError(t, err)
	require.Equal(t, Scored{"Catania", 0}, list[0])
	d, err := g.Dist("Catania", "edge2", Kilometers)
	require.NoError(t, err)
	require.Equal(t, Scored{"edge2", d}, list[1])

	// A destination may be the source, and the empty result removes it.
	n, err = g.SearchStore("g", ByRadius(FromMember("Catania"), 1, Kilometers))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = g.SearchStore("g", ByRadius(FromPoint(0, 0), 1, Kilometers))
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = s.Exists("g")
	require.NoError(t, err)
	require.Zero(t, n)
}

// The nearest of many places, while they move, against a look at all of them.
func TestGeoModel(t *testing.T) {
	r := seededRand(t)
	for name, opts := range optionSets() {
		s := newTest(t, opts...)
		g, model := s.Geo("g"), map[string]Point{}
		for range 300 {
			m := strconv.Itoa(r.IntN(80))
			if r.IntN(4) == 0 {
				_, err := s.ZSet("g").Rem(m)
				require.NoError(t, err)
				delete(model, m)
			} else {
				p := Point{5 + 10*r.Float64(), 45 + 10*r.Float64()}
				_, err := g.Add(GeoPlace{m, p})
				require.NoError(t, err)
				model[m] = Point(structures.GeoPosition(structures.GeoScore(structures.GeoPoint(p))))
			}
			lon, lat, radius := 5+10*r.Float64(), 45+10*r.Float64(), 400*r.Float64()
			want := nearestOf(model, Point{lon, lat}, radius)
			got, err := g.Search(ByRadius(FromPoint(lon, lat), radius, Kilometers).Asc())
			require.NoError(t, err)
			require.Equal(t, want, names(got), name)
			if k := len(want) / 3; k > 0 {
				got, err = g.Search(ByRadius(FromPoint(lon, lat), radius, Kilometers).Count(k))
				require.NoError(t, err)
				require.Equal(t, want[:k], names(got), name)
			}
		}
	}
}

func nearestOf(model map[string]Point, from Point, km float64) (list []string) {
	dist := map[string]float64{}
	for m, p := range model {
		d := structures.GeoDistance(structures.GeoPoint(from), structures.GeoPoint(p)) / 1000
		if d <= km {
			dist[m] = d
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if dist[a] < dist[b] {
			return -1
		}
		return 1
	})
	return list
}

func TestGeoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	g := sicily(t, newTest(t), "g")
	place := GeoPlace{"Palermo", Point{13.361389, 38.115556}}
	require.Zero(t, testing.AllocsPerRun(100, func() { g.Add(place) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { g.Dist("Palermo", "Catania", Kilometers) }))
	near := ByRadius(FromPoint(15, 37), 200, Kilometers)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { g.Search(near.Asc()) }), 6.0)
}

const benchPlaces = 1_000_000

// benchGeo fills a store with places all over the Earth.
func benchGeo(b *testing.B) (*Store, Geo, *rand.Rand) {
	s := New()
	b.Cleanup(func() { s.Close() })
	r := rand.New(rand.NewPCG(1, 2))
	g := s.Geo("g")
	places := make([]GeoPlace, 0, 1000)
	for i := range benchPlaces {
		places = append(places, GeoPlace{"place:" + strconv.Itoa(i), Point{360*r.Float64() - 180, 170*r.Float64() - 85}})
		if len(places) == cap(places) {
			if _, err := g.Add(places...); err != nil {
				b.Fatal(err)
			}
			places = places[:0]
		}
	}
	return s, g, r
}

func BenchmarkGeoAdd(b *testing.B) {
	_, g, r := benchGeo(b)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N { // they move
		g.Add(GeoPlace{"place:" + strconv.Itoa(i%benchPlaces), Point{360*r.Float64() - 180, 170*r.Float64() - 85}})
	}
}

func BenchmarkGeoDist(b *testing.B) {
	g := sicily(b, New(), "g")
	b.ReportAllocs()
	for b.Loop() {
		g.Dist("Palermo", "Catania", Kilometers)
	}
}

func BenchmarkGeoSearch(b *testing.B) {
	_, g, r := benchGeo(b)
	for _, c := range []struct {
		name string
		q    func(from GeoCenter) GeoQuery
	}{
		{"10km", func(from GeoCenter) GeoQuery { return ByRadius(from, 10, Kilometers) }},
		{"100km", func(from GeoCenter) GeoQuery { return ByRadius(from, 100, Kilometers) }},
		{"1000km", func(from GeoCenter) GeoQuery { return ByRadius(from, 1000, Kilometers) }},
		{"1000km-nearest10", func(from GeoCenter) GeoQuery { return ByRadius(from, 1000, Kilometers).Count(10) }},
		{"1000km-any10", func(from GeoCenter) GeoQuery { return ByRadius(from, 1000, Kilometers).Any(10) }},
		{"box-200km", func(from GeoCenter) GeoQuery { return ByBox(from, 200, 200, Kilometers) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			found := 0
			for b.Loop() {
				list, err := g.Search(c.q(FromPoint(360*r.Float64()-180, 120*r.Float64()-60)))
				if err != nil {
					b.Fatal(err)
				}
				found += len(list)
			}
			b.ReportMetric(float64(found)/float64(b.N), "found/op")
		})
	}
}
