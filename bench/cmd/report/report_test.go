package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/redisserver"
	"github.com/alcovedb/alcove/bench/workload"
)

// misbehaveEnv names a peer and what it does instead of being measured.
const misbehaveEnv = "ALCOVE_BENCH_MISBEHAVE"

// TestMain lets the test's own program be that of a cell.
func TestMain(m *testing.M) {
	text := os.Getenv(cellEnv)
	if text == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // for the cells, which are many
		os.Exit(m.Run())
	}
	var c cell
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	switch os.Getenv(misbehaveEnv) {
	case c.Peer + " panics":
		panic("out of cheese")
	case c.Peer + " hangs":
		time.Sleep(time.Hour)
	case c.Peer + " stops in the middle":
		os.Stdout.WriteString("BenchmarkStrings/op=get/peer=map-1\t1\t5 ns/op\nBenchmarkStrings/op=get/pe")
		os.Exit(3)
	}
	runCell(text)
}

func runReport(t *testing.T, args ...string) (out, log string) {
	t.Helper()
	out = t.TempDir()
	var b bytes.Buffer
	err := report(context.Background(), append([]string{"-out", out, "-keys", "1000", "-time", "100us", "-samples", "6"}, args...), &b)
	require.NoError(t, err, b.String())
	return out, b.String()
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}

// TestReport measures some peers and looks at all that is written.
func TestReport(t *testing.T) {
	out, log := runReport(t, "-cpu", "1,2", "-peers", "map,xsync", "-only", "strings,memory,growth,collector")
	require.Contains(t, log, "strings: alcove, round 6 of 6")
	for name, columns := range map[string]string{
		"strings": "| Get, keys evenly drawn |", "memory": "| string with a TTL |", "growth": "| 1000 |", "collector": "| p99.99 |",
	} {
		page := read(t, out, name+".md")
		require.Contains(t, page, columns)
		require.Regexp(t, `(?m)^\| \*\*alcove\*\* \| [0-9.]+ `, page)
		require.Regexp(t, `(?m)^\| xsync \| [^|]*[0-9]x \|`, page)
		require.Contains(t, page, "-only strings,memory,growth,collector")
		require.Regexp(t, `xsync v4\.\d+\.\d+`, page)
		for _, svg := range regexp.MustCompile(`[a-z0-9-]+\.svg`).FindAllString(page, -1) {
			require.NoError(t, wellFormed(read(t, out, svg)))
		}
		require.Contains(t, read(t, out, "README.md"), "("+name+".md)")
	}
	page := read(t, out, "strings.md")
	require.Regexp(t, `(?m)^\| map \| [0-9.]+ [nµm]s ±\d+%`, page)
	_, twoCores, found := strings.Cut(page, "## On 2 cores")
	require.True(t, found)
	twoCores, _, _ = strings.Cut(twoCores, "\n## ")
	require.NotContains(t, twoCores, "| map |", "a peer for one goroutine takes part on one core only")

	// A group that is measured again is replaced, the others stay.
	before := read(t, out, "memory.txt")
	require.NoError(t, report(context.Background(), []string{
		"-out", out, "-keys", "1000", "-time", "100us", "-samples", "1", "-only", "strings", "-peers", "syncmap",
	}, io.Discard))
	require.Equal(t, before, read(t, out, "memory.txt"))
	require.Contains(t, read(t, out, "strings.md"), "| syncmap |")
	require.NotContains(t, read(t, out, "strings.md"), "| xsync |")
	require.Contains(t, read(t, out, "README.md"), "(memory.md)")

	// The pages can be written anew from the samples.
	page = read(t, out, "strings.md")
	require.NoError(t, os.Remove(filepath.Join(out, "strings.md")))
	require.NoError(t, report(context.Background(), []string{"-out", out, "-render"}, io.Discard))
	require.Equal(t, page, read(t, out, "strings.md"))
}

func wellFormed(svg string) error {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// TestFailure: a peer that fails ends alone, and its cells say so.
func TestFailure(t *testing.T) {
	for _, c := range []struct{ misbehave, page, reason string }{
		{"map panics", "| map | failed |", "map failed: out of cheese"},
		{"map hangs", "| map | failed |", "map failed: gave up after 3s"},
		{"map stops in the middle", "| map | 5.00 ns ", "map failed: exit status 3"},
	} {
		t.Run(c.misbehave, func(t *testing.T) {
			t.Setenv(misbehaveEnv, c.misbehave)
			timeout := "1m"
			if c.misbehave == "map hangs" {
				timeout = "3s"
			}
			out, log := runReport(t, "-cpu", "1", "-peers", "map,xsync", "-only", "strings", "-timeout", timeout)
			page := read(t, out, "strings.md")
			require.Contains(t, page, c.page)
			require.Contains(t, page, c.reason)
			require.Contains(t, page, "| xsync | ")
			require.Equal(t, 1, strings.Count(log, "failed: "), "once is enough")
		})
	}
	t.Run("Alcove", func(t *testing.T) {
		t.Setenv(misbehaveEnv, "alcove panics")
		out, _ := runReport(t, "-cpu", "1", "-peers", "map", "-only", "strings")
		page := read(t, out, "strings.md")
		require.Contains(t, page, "| **alcove** | failed |")
		require.NotContains(t, page, "Inf")
		require.NotContains(t, page, "NaN")
	})
	t.Run("all", func(t *testing.T) {
		t.Setenv(misbehaveEnv, "alcove panics")
		out, _ := runReport(t, "-cpu", "1", "-peers", "alcove", "-only", "jobs")
		require.Contains(t, read(t, out, "jobs.md"), "alcove failed: out of cheese")
	})
}

// TestInterrupt: what is done stays, and the page says what is missing.
func TestInterrupt(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	err := report(ctx, []string{"-out", out, "-keys", "1000", "-time", "1ms", "-only", "strings,jobs", "-peers", "map"}, writerFunc(func(line string) {
		if strings.Contains(line, "round 3 of 6") {
			cancel()
		}
	}))
	require.ErrorIs(t, err, context.Canceled)
	page := read(t, out, "strings.md")
	require.Contains(t, page, "interrupted in round 3 of 6")
	require.Regexp(t, `\*\*alcove\*\* \| [0-9.]+ `, page)
	require.NoFileExists(t, filepath.Join(out, "jobs.txt"))

	// Older results of which nothing is missing are not given for it.
	require.NoError(t, report(context.Background(), []string{
		"-out", out, "-keys", "1000", "-time", "100us", "-samples", "2", "-only", "strings", "-peers", "map",
	}, io.Discard))
	before := read(t, out, "strings.txt")
	ctx, cancel = context.WithCancel(context.Background())
	err = report(ctx, []string{"-out", out, "-keys", "1000", "-time", "1ms", "-only", "strings", "-peers", "map"}, writerFunc(func(line string) {
		if strings.Contains(line, "round 2 of 6") {
			cancel()
		}
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, read(t, out, "strings.txt"))
	require.Contains(t, read(t, out, "strings.partial.txt"), "peer=alcove")
}

// TestDamagedFile: a file that can't be read does not take the others' pages away.
func TestDamagedFile(t *testing.T) {
	out, _ := runReport(t, "-cpu", "1", "-peers", "map", "-only", "counters,jobs")
	for _, text := range []string{
		"", "garbage", headerKey + ": {}\n", headerKey + ": {\n", "Benchmark",
		strings.Replace(read(t, out, "counters.txt"), " ns/op", " ns/op 5", 1),
	} {
		require.NoError(t, os.Remove(filepath.Join(out, "jobs.md")))
		require.NoError(t, os.WriteFile(filepath.Join(out, "counters.txt"), []byte(text), 0o600))
		require.ErrorContains(t, report(context.Background(), []string{"-out", out, "-render"}, io.Discard), "counters.txt")
		require.FileExists(t, filepath.Join(out, "jobs.md"))
	}
}

type writerFunc func(string)

func (f writerFunc) Write(b []byte) (int, error) {
	f(string(b))
	return len(b), nil
}

// TestWithoutRedis: there is no redis-server, or none that could be started.
func TestWithoutRedis(t *testing.T) {
	args := []string{"-cpu", "1", "-peers", "redis", "-only", "jobs"}
	t.Run("not installed", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		out, log := runReport(t, args...)
		require.Contains(t, log, "without Redis: ")
		page := read(t, out, "jobs.md")
		require.Contains(t, page, "| redis | no Redis |")
		require.Contains(t, page, "There was no Redis: "+redisserver.ErrNotInstalled.Error())
	})
	t.Run("busy socket", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		require.NoError(t, err)
		defer l.Close()
		out, log := runReport(t, append(args, "-socket", path)...)
		require.Contains(t, log, path)
		require.Contains(t, read(t, out, "jobs.md"), "| redis | no Redis |")
	})
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-only nothing":    "there is no such group",
		"-peers nobody":    "there is no such peer",
		"-cpu 0":           "cores 1 to",
		"-cpu many":        "cores 1 to",
		"-keys -1":         "at least 1000",
		"-keys 10":         "at least 1000",
		"-samples 0":       "at least 1",
		"-time 0s":         "must be positive",
		"-timeout -1s":     "must be positive",
		"-quick":           "not defined",
		"strings":          "unexpected argument",
		"-time soon":       "invalid value",
		"-only strings,,x": "there is no such group",
	} {
		var b bytes.Buffer
		require.ErrorContains(t, report(context.Background(), strings.Fields(args), &b), want, args)
	}
	require.ErrorContains(t, report(context.Background(), []string{"-render", "-out", t.TempDir()}, io.Discard), "no samples")
	var b bytes.Buffer
	require.NoError(t, report(context.Background(), []string{"-list"}, &b))
	require.Contains(t, b.String(), "strings4k")
	require.Contains(t, b.String(), "alcove")
}

// TestFitting: where memory is short there are fewer keys, and the page says so.
func TestFitting(t *testing.T) {
	g := groupNamed("collector")
	for _, c := range []struct {
		memory     uint64
		less, more int
	}{
		{0, g.Keys, g.Keys}, // unknown
		{64 << 30, g.Keys, g.Keys},
		{4 << 30, 3_000_000, 5_000_000},
		{400 << 20, 300_000, 700_000},
		{1, 900, 1000},
	} {
		n := fitting(g, g.Keys, c.memory)
		require.GreaterOrEqual(t, n, c.less)
		require.LessOrEqual(t, n, c.more)
		if c.memory > 1<<20 {
			require.LessOrEqual(t, g.Need(n, g.Value), c.memory)
		}
	}
	var log bytes.Buffer
	p := newPlan(options{only: comma{"collector"}, cores: []int{1}, samples: 1}, "", 4<<30, &log)
	require.Contains(t, log.String(), "keys instead of 10,000,000, as only 4.00 GiB of memory are free")
	require.Len(t, p.notes["collector"], 1)
	require.Less(t, p.turns["collector"][0].Settings.Keys, g.Keys)
}

// TestPlan: peers take turns, in each round all of them.
func TestPlan(t *testing.T) {
	p := newPlan(options{cores: []int{1}, samples: 6}, "gone", 0, io.Discard)
	require.Len(t, p.groups, len(workload.Groups))
	for _, g := range p.groups {
		turns := p.turns[g.Name]
		rounds := 6
		if g.Once {
			rounds = 1
		}
		n := len(turns) / rounds
		require.Equal(t, turns[0].Settings.Passes*rounds, 6)
		for i, turn := range turns {
			require.Equal(t, i/n+1, turn.round)
			require.False(t, peer.Named(turn.Peer).Server)
			require.True(t, g.Fits(peer.Named(turn.Peer)))
		}
		seen := map[string]int{}
		for _, turn := range turns {
			seen[turn.Peer]++
		}
		for name, times := range seen {
			require.Equal(t, rounds, times, name)
		}
	}
}

// TestShort: a short run is to take two minutes, by what it guesses itself.
func TestShort(t *testing.T) {
	o, err := parse([]string{"-short"}, io.Discard)
	require.NoError(t, err)
	p := newPlan(o, "", 0, io.Discard)
	left := newProgress(io.Discard, p).remaining()
	require.Less(t, left, 3*time.Minute)
}

func TestTable(t *testing.T) {
	dir := t.TempDir()
	lines := func(name string, values ...string) string {
		var b strings.Builder
		for _, v := range values {
			b.WriteString("BenchmarkCounters/op=incr/peer=" + name + "-1\t100\t" + v + " ns/op\t0 B/op\t0 allocs/op\n")
		}
		return b.String()
	}
	h := header{Group: "counters", CPU: "a processor", CPUs: 2, Rounds: 6, Settings: workload.Settings{Cores: []int{1}, Keys: 1000, Passes: 1}}
	text := string(h.text()) +
		lines("alcove", "100", "101", "102", "103", "104", "105") +
		lines("map", "50", "50", "51", "51", "52", "52") +
		lines("xsync", "99", "100", "102", "104", "105", "106") +
		lines("sharded", "1000") +
		lines("redis", "50000", "50000", "50000", "50000", "50000", "90000")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "counters.txt"), []byte(text), 0o600))
	require.NoError(t, render(dir))
	page := read(t, dir, "counters.md")
	for _, want := range []string{
		"| **alcove** | 102 ns ±2% |",
		"| map | 51.0 ns ±2% · 0.50x |",
		"| xsync | 103 ns ±4% · ~1.0x |",
		"| sharded | 1.00 µs · ~9.8x |",
		"| redis | 50.0 µs ±80% · 488x |",
	} {
		require.Contains(t, page, want)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "ns/op", "0 ns"},
		{0.5, "ns/op", "0.500 ns"},
		{4.567, "ns/op", "4.57 ns"},
		{45.67, "ns/op", "45.7 ns"},
		{999.9, "p50-ns", "1000 ns"},
		{1500, "max-ns", "1.50 µs"},
		{3.7e9, "gc-ns", "3.70 s"},
		{72.1, "B/entry", "72.1 B"},
		{4096, "B/entry", "4.00 KiB"},
		{0, "allocs/op", "0"},
		{2, "allocs/op", "2"},
		{99.5, "removed-%", "99.5%"},
	} {
		require.Equal(t, c.want, amount(c.v, c.unit))
	}
	require.Equal(t, "1,234,567", thousands(1234567))
	require.Equal(t, "999", thousands(999))
	require.Equal(t, "0.34x", factor(0.336))
	require.Equal(t, "1.0x", factor(0.997))
	require.Equal(t, "12x", factor(12.3))
}
