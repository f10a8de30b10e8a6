package conformance

import (
	"bytes"
	"context"
	"encoding/json"
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

var (
	killsFlag   = flag.Int("kills", 1, "demand that each mutant is killed `n` times in a row")
	mutantsFlag = flag.String("mutants", "some", "`which` mutants to try: some, the rest, or all")
)

const (
	mutantDir   = "testdata/mutants"
	mutantsRoot = "../.."         // of the files that patches name
	mutantLimit = 2 * time.Minute // to run the test of one
	atOnce      = 3               // mutants, at most
)

// mutant is a patch that must make a test fail.
type mutant struct {
	pkg, test string
	flags     []string
	often     bool // tried in every run
	files     []*gitdiff.File
}

var mutantLine = regexp.MustCompile(`(?m)^(Package|Test|Flags|Often):[ \t]*(.*)$`)

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
		case "Often":
			m.often = value == "yes"
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

// overlay writes the patched files and returns the file that go test -overlay wants.
func (m *mutant) overlay(dir string) (string, error) {
	replaced := map[string]string{}
	for i, f := range m.files {
		from, err := filepath.Abs(filepath.Join(mutantsRoot, filepath.FromSlash(f.OldName)))
		if err != nil {
			return "", err
		}
		src, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		text, err := patch(string(src), f)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.OldName, err)
		}
		to := filepath.Join(dir, fmt.Sprintf("%d_%s", i, filepath.Base(from)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replaced[from] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o600)
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

// build builds the tests of the mutant's package with more flags of go test.
func (m *mutant) build(ctx context.Context, b *binary, dir string, more ...string) {
	if b.err = os.MkdirAll(dir, 0o700); b.err != nil {
		return
	}
	b.path = filepath.Join(dir, "mutant.test")
	if runtime.GOOS == "windows" {
		b.path += ".exe"
	}
	args := append([]string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", b.path}, more...)
	cmd := m.command(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOGC=400") // the compiler's and the linker's: a quarter less time
	var out []byte
	out, b.err = cmd.CombinedOutput()
	b.out = string(out)
}

// run runs the test of the mutant.
func (m *mutant) run(ctx context.Context, b *binary) (outcome, string) {
	if b.err != nil {
		return notRun, b.out
	}
	ctx, cancel := context.WithTimeout(ctx, mutantLimit)
	defer cancel()
	args := append([]string{"-test.v", "-test.failfast", "-test.timeout=1m", "-test.run=^" + m.test + "$"}, m.flags...)
	out, err := m.command(ctx, b.path, args...).CombinedOutput()
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
		t.Skip("it builds the library once for each mutant")
	case raceEnabled:
		t.Skip("the mutants are built without the race detector anyway")
	case runtime.GOOS == "js" || runtime.GOOS == "wasip1":
		t.Skip("there is nothing to run go with")
	}
	require.Contains(t, []string{"some", "rest", "all"}, *mutantsFlag)
	names, err := filepath.Glob(filepath.Join(mutantDir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	places := make(chan struct{}, atOnce)
	var sound sync.Map // *binary by the package, and *sync.Once by what is run
	dir := t.TempDir() // of those without a mutant
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".patch"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			m, err := parseMutant(string(text))
			require.NoError(t, err, name)
			overlay, err := m.overlay(t.TempDir())
			require.NoError(t, err, "%s no longer applies: write it anew", name)
			if which := map[bool]string{true: "some", false: "rest"}[m.often]; *mutantsFlag != which && *mutantsFlag != "all" {
				t.Skipf("it is one for -mutants %s or all", which)
			}
			places <- struct{}{}
			defer func() { <-places }()

			whole, _ := sound.LoadOrStore(m.pkg, new(binary))
			whole.(*binary).once.Do(func() {
				m.build(t.Context(), whole.(*binary), filepath.Join(dir, filepath.FromSlash(m.pkg)))
			})
			once, _ := sound.LoadOrStore(fmt.Sprint(m.pkg, m.test, m.flags), new(sync.Once))
			once.(*sync.Once).Do(func() {
				if got, out := m.run(t.Context(), whole.(*binary)); got != passed {
					t.Fatalf("without a mutant, %s: %s\n%s", m.test, got, tail(out))
				}
			})
			var b binary
			m.build(t.Context(), &b, t.TempDir(), "-overlay="+overlay)
			for i := range *killsFlag {
				if got, out := m.run(t.Context(), &b); got != failed {
					t.Fatalf("%s is alive: %s (run %d): %s\n%s", name, m.test, i+1, got, tail(out))
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
