package conformance

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
	"github.com/stretchr/testify/require"
)

var killsFlag = flag.Int("kills", 1, "demand that each mutant is killed `n` times in a row")

const (
	mutantDir   = "testdata/mutants"
	mutantsRoot = "../.."         // of the files that patches name
	mutantLimit = 2 * time.Minute // to run the test of one
	atOnce      = 3               // mutants, at most
)

// mutant is a patch that must make a test fail.
type mutant struct {
	name, pkg, test string
	flags           []string
	files           []*gitdiff.File
}

var mutantLine = regexp.MustCompile(`(?m)^(Package|Test|Flags):[ \t]*(.*)$`)

// parseMutant reads a patch and the lines before it.
func parseMutant(text string) (m mutant, err error) {
	files, header, err := gitdiff.Parse(strings.NewReader(text))
	if err != nil {
		return m, err
	}
	m.files = files
	for _, line := range mutantLine.FindAllStringSubmatch(header, -1) {
		switch value := strings.TrimSpace(line[2]); line[1] {
		case "Package":
			m.pkg = value
		case "Test":
			m.test = value
		case "Flags":
			m.flags = strings.Fields(value)
		}
	}
	words := strings.TrimSpace(mutantLine.ReplaceAllString(header, ""))
	if words == "" || !strings.HasPrefix(m.pkg, "./") || !strings.HasPrefix(m.test, "Test") || len(files) == 0 {
		return m, errors.New("a mutant is what it breaks in words, a line 'Package: ./...', a line 'Test: Test...', and a diff")
	}
	return m, nil
}

// patch returns src with the hunks of f applied. Where a hunk belongs is found by its
// text, not by its line numbers.
func patch(src string, f *gitdiff.File) (string, error) {
	if f.IsNew || f.IsDelete || f.IsRename || f.IsCopy || f.IsBinary {
		return "", errors.New("a mutant only changes files")
	}
	src = "\n" + src
	for _, hunk := range f.TextFragments {
		var old, after strings.Builder // from the end of the line before
		old.WriteString("\n")
		after.WriteString("\n")
		for _, line := range hunk.Lines {
			if line.Old() {
				old.WriteString(line.Line)
			}
			if line.New() {
				after.WriteString(line.Line)
			}
		}
		at := strings.Index(src, old.String())
		if at < 0 || strings.Contains(src[at+1:], old.String()) {
			return "", fmt.Errorf("the lines of the hunk %s are not there, or more than once:%s", hunk.Header(), old.String())
		}
		src = src[:at] + after.String() + src[at+old.Len():]
	}
	return src[1:], nil
}

// outcome is what came of a test.
type outcome string

const (
	passed  outcome = "the test passed"
	failed  outcome = "the test failed"
	notRun  outcome = "the test did not run"
	endless outcome = "the test did not end"
)

// binary is the test binary of a package.
type binary struct {
	once sync.Once
	path string
	out  string
	err  error
}

// build builds the tests of the mutant's package, with all mutants.
func (m *mutant) build(ctx context.Context, b *binary, dir, overlay string) {
	if b.err = os.MkdirAll(dir, 0o700); b.err != nil {
		return
	}
	b.path = filepath.Join(dir, "mutants.test")
	if runtime.GOOS == "windows" {
		b.path += ".exe"
	}
	cmd := m.command(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", b.path, "-overlay="+overlay)
	cmd.Env = append(os.Environ(), "GOGC=400") // the compiler's and the linker's: a quarter less time
	var out []byte
	out, b.err = cmd.CombinedOutput()
	b.out = string(out)
}

// run runs the test of the mutant with the mutant of that number, or with none.
func (m *mutant) run(ctx context.Context, b *binary, number int) (outcome, string) {
	if b.err != nil {
		return notRun, b.out
	}
	ctx, cancel := context.WithTimeout(ctx, mutantLimit)
	defer cancel()
	args := append([]string{"-test.v", "-test.failfast", "-test.timeout=1m", "-test.run=^" + m.test + "$"}, m.flags...)
	cmd := m.command(ctx, b.path, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutantEnv, number))
	out, err := cmd.CombinedOutput()
	return judge(m.test, out, err == nil, ctx.Err() != nil), string(out)
}

// command is a command in the directory of the mutant's package, in whatever module.
func (m *mutant) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(mutantsRoot, filepath.FromSlash(m.pkg))
	cmd.WaitDelay = time.Second
	return cmd
}

// judge says what the output of go test -v means. A test that hangs or panics says
// nothing at its end; one that was never built does not begin.
func judge(test string, out []byte, ok, late bool) outcome {
	line := func(format string) bool {
		return regexp.MustCompile(`(?m)^` + fmt.Sprintf(format, regexp.QuoteMeta(test))).Match(out)
	}
	switch {
	case late:
		return endless
	case !line(`=== RUN   %s$`) || line(`--- SKIP: %s `):
		return notRun
	case line(`--- PASS: %s `):
		return passed
	case ok:
		return notRun
	}
	return failed
}

// TestMutants wants every mutant to be killed by the test that it names, and that test to
// pass without it.
func TestMutants(t *testing.T) {
	switch {
	case testing.Short():
		t.Skip("it builds the library anew")
	case raceEnabled:
		t.Skip("the mutants are built without the race detector anyway")
	case runtime.GOOS == "js" || runtime.GOOS == "wasip1":
		t.Skip("there is nothing to run go with")
	}
	names, err := filepath.Glob(filepath.Join(mutantDir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	mutants := make([]*mutant, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		m, err := parseMutant(string(text))
		require.NoError(t, err, name)
		m.name = strings.TrimSuffix(filepath.Base(name), ".patch")
		mutants[i] = &m
	}
	dir := t.TempDir()
	overlay, err := overlay(dir, mutants)
	require.NoError(t, err)
	places := make(chan struct{}, atOnce)
	var binaries, sound sync.Map // *binary by the package, *sync.Once by what is run
	for i, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()

			found, _ := binaries.LoadOrStore(m.pkg, new(binary))
			b := found.(*binary)
			b.once.Do(func() { m.build(t.Context(), b, filepath.Join(dir, filepath.FromSlash(m.pkg)), overlay) })
			once, _ := sound.LoadOrStore(fmt.Sprint(m.pkg, m.test, m.flags), new(sync.Once))
			once.(*sync.Once).Do(func() {
				if got, out := m.run(t.Context(), b, 0); got != passed {
					t.Fatalf("without a mutant, %s: %s\n%s", m.test, got, tail(out))
				}
			})
			for k := range *killsFlag {
				if got, out := m.run(t.Context(), b, i+1); got != failed {
					t.Fatalf("%s is alive: %s (run %d): %s\n%s", m.name, m.test, k+1, got, tail(out))
				}
			}
		})
	}
}

// tail returns the end of a long output.
func tail(out string) string { return out[max(0, len(out)-2000):] }

func TestJudge(t *testing.T) {
	const run = "=== RUN   TestX\n"
	for _, test := range []struct {
		out      string
		ok, late bool
		want     outcome
	}{
		{run + "--- PASS: TestX (0.01s)\nPASS\nok  \ta\t0.1s\n", true, false, passed},
		{run + "--- PASS: TestX (0.01s)\nPASS\ngoroutines are left:\nFAIL\ta\t0.1s\n", false, false, passed},
		{run + "    x_test.go:1: no\n--- FAIL: TestX (0.01s)\nFAIL\n", false, false, failed},
		{run + "panic: test timed out after 1s\n", false, false, failed},
		{run + "fatal error: all goroutines are asleep - deadlock!\n", false, false, failed},
		{run + "--- SKIP: TestX (0.00s)\nPASS\n", true, false, notRun},
		{"# a\n./x.go:1:1: syntax error\nFAIL\ta [build failed]\n", false, false, notRun},
		{"=== RUN   TestXY\n--- FAIL: TestXY (0.01s)\n", false, false, notRun},
		{"testing: warning: no tests to run\nPASS\n", true, false, notRun},
		{run, false, true, endless},
	} {
		require.Equal(t, test.want, judge("TestX", []byte(test.out), test.ok, test.late), test.out)
	}
}

func TestPatch(t *testing.T) {
	const (
		header = "It breaks a.\n\nPackage: ./a\nTest: TestA\nFlags: -test.short -stuck=9s\n\n"
		diff   = "diff --git a/a.go b/a.go\n--- a/a.go\n+++ b/a.go\n@@ -9,3 +9,2 @@\n one\n-two\n three\n"
	)
	m, err := parseMutant(header + diff)
	require.NoError(t, err)
	require.Equal(t, []string{"./a", "TestA", "-test.short", "-stuck=9s"}, append([]string{m.pkg, m.test}, m.flags...))
	require.Equal(t, "a.go", m.files[0].OldName)
	for src, want := range map[string]string{
		"zero\none\ntwo\nthree\nfour\n":                "zero\none\nthree\nfour\n",
		"one\nthree\n":                                 "",
		"one\ntwo\nthree\none\ntwo\nthree\n":           "",
		strings.Repeat("\n", 50) + "one\ntwo\nthree\n": strings.Repeat("\n", 50) + "one\nthree\n",
	} {
		got, err := patch(src, m.files[0])
		require.Equal(t, want, got)
		require.Equal(t, want == "", err != nil)
	}
	for _, wrong := range []string{
		diff, header, "Package: ./a\nTest: TestA\n" + diff,
		strings.Replace(header, "./a", "a", 1) + diff, strings.Replace(header, "TestA", "A", 1) + diff,
	} {
		_, err := parseMutant(wrong)
		require.Error(t, err, wrong)
	}
	require.True(t, bytes.HasSuffix([]byte(tail(strings.Repeat("x", 9000)+"y")), []byte("y")))
}
