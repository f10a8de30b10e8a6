package structures

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// bigSinCos returns the sine and the cosine of x, of which the absolute value is at most π,
// as far as 200 bits can tell.
func bigSinCos(x float64) (sin, cos *big.Float) {
	number := func(f float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(f) }
	sums := [2]*big.Float{number(0), number(0)}
	term := number(1)
	for n := 0; n < 64; n++ {
		if n%4 < 2 {
			sums[1-n%2].Add(sums[1-n%2], term)
		} else {
			sums[1-n%2].Sub(sums[1-n%2], term)
		}
		term.Mul(term, number(x))
		term.Quo(term, number(float64(n+1)))
	}
	return sums[0], sums[1]
}

func rounded(x *big.Float) float64 {
	f, _ := x.Float64()
	return f
}

func TestTrigTable(t *testing.T) {
	for j, row := range trigTable {
		sin, cos := bigSinCos(float64(j) / sineSteps)
		for i, want := range []*big.Float{sin, cos} {
			hi := rounded(want)
			lo := rounded(new(big.Float).Sub(want, big.NewFloat(hi)))
			require.Equal(t, pair{hi, lo}, row[i], "%d/%d", j, sineSteps)
		}
	}
}

// Sines, cosines and arcsines are the nearest numbers to the true ones, with few exceptions.
func TestTrig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n, wrong := 1000, 0
	count := func(want, got float64) {
		if want != got {
			wrong++
			require.LessOrEqual(t, math.Abs(want-got), math.Nextafter(math.Abs(want), 9)-math.Abs(want))
		}
	}
	for range n {
		x := (r.Float64()*2 - 1) * math.Pi * math.Pow(10, -6*r.Float64())
		sin, cos := bigSinCos(x)
		count(rounded(sin), sine(x))
		count(rounded(cos), cosine(x))

		// Of an arcsine, the sine of the middle to the next number must be beyond.
		x = r.Float64()
		y := arcsine(x)
		for _, to := range []float64{0, 2} {
			next := math.Nextafter(y, to)
			sinY, cosY := bigSinCos(y)
			edge := new(big.Float).SetPrec(200).Mul(cosY, big.NewFloat((next-y)/2)) // sin(y+e) = sin(y) + e cos(y)
			edge.Add(edge, sinY)
			if c := edge.Cmp(new(big.Float).SetFloat64(x)); to == 0 && c > 0 || to == 2 && c < 0 {
				wrong++
			}
		}
	}
	require.LessOrEqual(t, wrong, 1)

	for x, want := range map[float64]float64{0: 0, math.Pi / 2: 1, -math.Pi / 2: -1, math.Pi: 1.2246467991473532e-16, 1e-300: 1e-300, -5e-324: -5e-324} {
		require.Equal(t, want, sine(x), "the sine of %v", x)
	}
	for x, want := range map[float64]float64{0: 0, 1: math.Pi / 2, 1e-300: 1e-300, 0.5: math.Pi / 6} {
		require.InDelta(t, want, arcsine(x), 1e-16*want, "the arcsine of %v", x)
	}
	require.Equal(t, 1.0, cosine(0))
	require.Equal(t, 6.123233995736766e-17, cosine(math.Pi/2))
}

func randomGeoPoint(r *rand.Rand) GeoPoint {
	p := GeoPoint{r.Float64()*360 - 180, (r.Float64()*2 - 1) * GeoLatMax}
	switch r.IntN(5) {
	case 0: // in one place
		return GeoPoint{10 + r.Float64()/100, 50 + r.Float64()/100}
	case 1:
		p.Lon = float64(r.IntN(3)-1) * GeoLonMax
	case 2:
		p.Lat = float64(r.IntN(3)-1) * GeoLatMax
	}
	return p
}

// A score leads back to the middle of its cell, whose score is the same, and to no other
// than the text of it.
func TestGeoScore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		p := randomGeoPoint(r)
		require.True(t, p.Valid())
		score := GeoScore(p)
		q := GeoPosition(score)
		require.True(t, q.Valid())
		half := 1.0001 / (1 << geoSteps)
		if p.Lon == GeoLonMax {
			half *= 3 // the score has a 54th bit, which costs it the last one
		}
		require.InDelta(t, p.Lon, q.Lon, half*GeoLonMax)
		require.InDelta(t, p.Lat, q.Lat, half*GeoLatMax)
		if p.Lon < GeoLonMax && p.Lat < GeoLatMax { // whose cells would be out of range
			require.Equal(t, score, GeoScore(q))
		}
		text := GeoText(score)
		require.Len(t, text, geoTextLen)
		require.Equal(t, byte('0'), text[geoTextLen-1])
	}
	for _, p := range []GeoPoint{{180.1, 0}, {0, 85.06}, {-181, 0}, {0, -86}, {math.NaN(), 0}, {0, math.NaN()}, {math.Inf(1), 0}} {
		require.False(t, p.Valid())
	}
	for v, want := range map[float64]uint64{
		-1: math.MaxUint64, 1.9: 1, -0.5: 0, 1e18: 1e18, 1e19: 1e19, 1e30: 0, -1e30: 1 << 63,
		math.Inf(1): 0, math.Inf(-1): 1 << 63, 1 << 63: 1 << 63, 1 << 62: 1 << 62,
	} {
		require.Equal(t, want, GeoBits(v), "%v", v)
	}
}

// Distances obey the laws of a metric, as far as roundings let them.
func TestGeoDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		a, b, c := randomGeoPoint(r), randomGeoPoint(r), randomGeoPoint(r)
		ab, ba := GeoDistance(a, b), GeoDistance(b, a)
		require.InDelta(t, ab, ba, 1e-6)
		require.Zero(t, GeoDistance(a, a))
		require.LessOrEqual(t, ab, GeoDistance(a, c)+GeoDistance(c, b)+1)
		require.LessOrEqual(t, ab, math.Pi*earthRadius)
	}
}

// The filter lets in what the distance says, for all its short cuts.
func TestGeoFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	seen := [2]int{}
	for range 20_000 {
		s := GeoShape{Form: GeoForm(r.IntN(2)), Center: randomGeoPoint(r), Unit: 1}
		p := randomGeoPoint(r)
		if r.IntN(4) == 0 {
			p = GeoPoint{s.Center.Lon, p.Lat}
		}
		s.Width, s.Height = math.Pow(10, 9*r.Float64()-1), math.Pow(10, 9*r.Float64()-1)
		d := GeoDistance(s.Center, p)
		up := GeoDistance(p, GeoPoint{p.Lon, s.Center.Lat})
		aside := GeoDistance(p, GeoPoint{s.Center.Lon, p.Lat})
		switch r.IntN(6) { // exactly on the edge, or beside it
		case 0:
			s.Width, s.Height = d, 2*up
		case 1:
			s.Width, s.Height = math.Nextafter(d, 0), math.Nextafter(2*up, 0)
		case 2:
			s.Width = 2 * aside
		}
		want := d <= s.Width
		if s.Form == GeoBox {
			want = up <= s.Height/2 && aside <= s.Width/2
		}
		f := s.filter()
		got, in := f.distance(p)
		require.Equal(t, want, in, "%+v, %+v", s, p)
		if in {
			require.Equal(t, d, got)
			seen[s.Form]++
		}
	}
	require.Greater(t, min(seen[0], seen[1]), 500)
}

// modelFind is a search that looks at every member.
func modelFind(z *ZSet, s GeoShape) (members []string) {
	s.bounds() // sets the centre of a polygon
	f := s.filter()
	z.Walk(0, z.Len(), false, func(member string, score float64) bool {
		if _, in := f.distance(GeoPosition(score)); in {
			members = append(members, member)
		}
		return true
	})
	slices.Sort(members)
	return members
}

func randomShape(r *rand.Rand) GeoShape {
	s := GeoShape{Form: GeoForm(r.IntN(3)), Unit: 1, Center: GeoPoint{r.Float64()*360 - 180, r.Float64()*150 - 75}}
	size := math.Pow(10, 1+r.Float64()*4.5) // 300 km at most
	s.Width, s.Height = size, size*(0.3+r.Float64())
	if s.Form == GeoPolygon {
		s.Center.Lon *= 0.95
		degrees := size / 111_000
		for range 3 + r.IntN(6) {
			s.Corners = append(s.Corners, GeoPoint{s.Center.Lon + degrees*r.Float64(), s.Center.Lat + degrees*r.Float64()})
		}
	}
	return s
}

// Far from the poles the cells cover every shape that is not huge, over 180 degrees, too.
func TestGeoFind(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	found := 0
	for _, n := range []int{0, 10, 3000} {
		for range 150 {
			z := NewZSet(zsetConfig(16))
			s := randomShape(r)
			for i := range n / (1 + r.IntN(20)) {
				by := s.Width / 111_000 * 2
				lon := math.Remainder(s.Center.Lon+2*by*(2*r.Float64()-1), 360)
				z.Set(strconv.Itoa(i), GeoScore(GeoPoint{lon, s.Center.Lat + by*(2*r.Float64()-1)}))
			}
			want := modelFind(z, s)
			var got []string
			list := z.GeoFind(&s, 0, nil)
			for _, f := range list {
				got = append(got, f.Member)
				require.InDelta(t, GeoDistance(s.Center, f.Point), f.Distance, 1e-9)
			}
			slices.Sort(got)
			require.Equal(t, want, got, "%+v", s)
			found += len(got)
			if limit := len(got) / 2; limit > 0 {
				require.Equal(t, list[:limit], z.GeoFind(&s, limit, nil))
			}
		}
	}
	require.Greater(t, found, 3_000)
}

// A polygon has all that lies in it, however large it is, and once.
func TestGeoFindPolygon(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	z := NewZSet(zsetConfig(16))
	for i := range 2000 {
		z.Set(strconv.Itoa(i), GeoScore(GeoPoint{r.Float64()*360 - 180, (r.Float64()*2 - 1) * GeoLatMax}))
	}
	world := []GeoPoint{{-180, -GeoLatMax}, {180, -GeoLatMax}, {180, GeoLatMax}, {-180, GeoLatMax}}
	north := []GeoPoint{{-180, 0}, {180, 0}, {180, 85}, {-180, 85}}
	shapes := [][]GeoPoint{world, north, {{180, 0}, {180, 1}, {180, 2}}}
	for range 300 {
		var corners []GeoPoint
		middle, size := randomGeoPoint(r), 180*math.Pow(r.Float64(), 3)
		for range 3 + r.IntN(5) {
			corners = append(corners, GeoPoint{
				min(max(middle.Lon+size*(2*r.Float64()-1), -180), 180),
				min(max(middle.Lat+size*(r.Float64()-0.5), -GeoLatMax), GeoLatMax),
			})
		}
		shapes = append(shapes, corners)
	}
	for i, corners := range shapes {
		s := GeoShape{Form: GeoPolygon, Unit: 1, Corners: corners}
		var got []string
		for _, f := range z.GeoFind(&s, 0, nil) {
			got = append(got, f.Member)
		}
		slices.Sort(got)
		require.Equal(t, modelFind(z, s), got, "%v", corners)
		if i == 0 {
			require.Len(t, got, z.Len())
		}
	}
}

// GeoSort has the nearest first, all or so many of them, and does not fall for an input that
// makes quicksorts slow.
func TestGeoSort(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		list := make([]GeoFound, r.IntN(120))
		for i := range list {
			list[i] = GeoFound{Distance: float64(r.IntN(1 + r.IntN(200))), at: i}
		}
		want := slices.Clone(list)
		farthest, wanted := r.IntN(2) == 0, r.IntN(len(list)+1)
		slices.SortStableFunc(want, func(a, b GeoFound) int {
			if farthest {
				a, b = b, a
			}
			return int(a.Distance - b.Distance)
		})
		GeoSort(list, farthest, wanted)
		if wanted == len(list) {
			require.Equal(t, want, list)
		}
		for i := range wanted {
			require.Equal(t, want[i].Distance, list[i].Distance)
		}
		require.Len(t, list, len(want))
	}

	// M. D. McIlroy, "A Killer Adversary for Quicksort": it decides what is larger when
	// it is asked, so that every pivot is bad.
	const n = 20_000
	gas, solid, candidate, asked := n, 0, 0, 0
	value := make([]int, n)
	list := make([]int, n)
	for i := range list {
		list[i], value[i] = i, gas
	}
	partialSort(list, func(a, b *int) int {
		asked++
		if value[*a] == gas && value[*b] == gas {
			melt := *a
			if *a != candidate {
				melt = *b
			}
			value[melt] = solid
			solid++
		}
		if value[*a] == gas {
			candidate = *a
		} else if value[*b] == gas {
			candidate = *b
		}
		return value[*a] - value[*b]
	}, 0, n-2)
	require.Less(t, asked, 200*n)
	require.True(t, slices.IsSortedFunc(list[:n-1], func(a, b int) int { return value[a] - value[b] }))
}

// FuzzGeoFind searches over any scores by any shape: it ends, and finds what is in the shape.
func FuzzGeoFind(f *testing.F) {
	f.Add(uint8(0), 0.0, 0.0, 1000.0, 10.0, 4e15, -1.0)
	f.Add(uint8(1), 180.0, 85.05112878, math.Inf(1), 0.0, math.Inf(-1), 0.5)
	f.Add(uint8(2), -180.0, -85.0, 60.0, 1.0, 1e300, 3e15)
	f.Fuzz(func(t *testing.T, form uint8, lon, lat, width, height, score1, score2 float64) {
		s := GeoShape{Form: GeoForm(form % 3), Center: GeoPoint{lon, lat}, Width: width, Height: height, Unit: 1}
		if !s.Center.Valid() || !(width >= 0 && height >= 0) || math.IsNaN(score1) || math.IsNaN(score2) {
			t.Skip()
		}
		if s.Form == GeoPolygon {
			s.Corners = []GeoPoint{s.Center, {lon, min(lat+height, GeoLatMax)}, {min(lon+width, GeoLonMax), lat}}
		}
		z := NewZSet(zsetConfig(16))
		for i, score := range []float64{score1, score2, score1 + 1, GeoScore(GeoPoint{lon, lat})} {
			if !math.IsNaN(score) {
				z.Set(strconv.Itoa(i), score)
			}
		}
		all := modelFind(z, s)
		seen := map[string]bool{}
		for _, f := range z.GeoFind(&s, 0, nil) {
			require.Contains(t, all, f.Member)
			require.False(t, seen[f.Member], "no member comes twice")
			seen[f.Member] = true
			require.False(t, math.IsNaN(f.Distance))
			require.True(t, f.Point.Valid())
		}
	})
}
