package chart

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "ns", "0"},
		{0.5, "ns", "0.5 ns"},
		{1, "ns", "1 ns"},
		{100, "ns", "100 ns"},
		{999.4, "ns", "999 ns"},
		{999.9, "ns", "1 µs"},
		{1000, "ns", "1 µs"},
		{1234, "ns", "1.23 µs"},
		{1e7, "ns", "10 ms"},
		{2e9, "ns", "2 s"},
		{2e12, "ns", "2000 s"},
		{0.0001, "ms", "100 ns"},
		{0.05, "ms", "50 µs"},
		{10, "ms", "10 ms"},
		{20, "µs", "20 µs"},
		{20, "us", "20 µs"},
		{0.25, "s", "250 ms"},
		{100, "B", "100 B"},
		{1024, "B", "1.02 kB"},
		{5e6, "B", "5 MB"},
		{1000, "elements", "1k"},
		{1e7, "elements", "10M"},
		{500, "", "500"},
		{2.5e6, "ops/s", "2.5M ops/s"},
		{12, "%", "12 %"},
	} {
		require.Equal(t, c.want, format(c.v, c.unit), "%g %s", c.v, c.unit)
	}
	require.Equal(t, "0.5 kB", formatAs(500, 2000, "B"))
}

func labels(ticks []tick) []string {
	var out []string
	for _, t := range ticks {
		out = append(out, t.label)
	}
	return out
}

func TestTicks(t *testing.T) {
	room := func(string) float64 { return 40 }
	for _, c := range []struct {
		name   string
		axis   axis
		length float64
		want   []string
		minor  int
	}{
		{"decades", logAxis(20, 50000, "ns"), 250, []string{"10 ns", "100 ns", "1 µs", "10 µs", "100 µs"}, 8},
		{"thinned", logAxis(20, 50000, "ns"), 120, []string{"10 ns", "", "1 µs", "", "100 µs"}, 8},
		{"within a decade", logAxis(41, 48, "ns"), 250, []string{"20 ns", "50 ns", "100 ns"}, 0},
		{"one figure", logAxis(100, 100, "ns"), 250, []string{"50 ns", "100 ns", "200 ns"}, 0},
		{"linear", linearAxis(410, 250, 40, "B"), 250, []string{"0", "100 B", "200 B", "300 B", "400 B"}, 0},
		{"one step", linearAxis(1800, 200, 10, "B"), 200, []string{"0", "0.5 kB", "1 kB", "1.5 kB"}, 0},
		{"all zero", linearAxis(0, 100, 0, "B"), 100, []string{"0", "0.5 B", "1 B"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			major, minor := c.axis.ticks(c.length, room)
			require.Equal(t, c.want, labels(major))
			require.Len(t, minor, c.minor)
		})
	}
}

func TestNorm(t *testing.T) {
	log := axis{lo: 10, hi: 1000, log: true}
	require.InDelta(t, 0.5, log.norm(100), 1e-12)
	require.Zero(t, log.norm(-5))
	require.Equal(t, 1.0, log.norm(1e9))
	linear := axis{hi: 200}
	require.InDelta(t, 0.25, linear.norm(50), 1e-12)
	require.Zero(t, linear.norm(-5))
	require.Equal(t, 1.0, linear.norm(300))
}

func TestSteps(t *testing.T) {
	for _, c := range []struct{ v, floor, ceil float64 }{
		{1, 1, 1}, {1.5, 1, 2}, {3, 2, 5}, {7, 5, 10}, {999, 500, 1000}, {0.03, 0.02, 0.05},
	} {
		require.InEpsilon(t, c.floor, floor125(c.v), 1e-9, "%g", c.v)
		require.InEpsilon(t, c.ceil, ceil125(c.v), 1e-9, "%g", c.v)
	}
}
