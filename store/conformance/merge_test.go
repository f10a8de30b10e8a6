package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutantEnv has the number of the mutant that a binary with all of them is to be.
const mutantEnv = "ALCOVE_MUTANT"

// function is the body of a function in the text of a file, with its braces.
type function struct {
	body    string
	line    int
	results bool
}

// functions splits a file into its functions and what is before, between and after them.
func functions(src string) (list []function, outside []string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	offset := fset.File(file.FileStart).Offset
	from := 0
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			begin, end := offset(f.Body.Lbrace), offset(f.Body.Rbrace)+1
			line := 1 + strings.Count(src[:begin], "\n")
			list = append(list, function{src[begin:end], line, f.Type.Results != nil})
			outside = append(outside, src[from:begin])
			from = end
		}
	}
	return list, append(outside, src[from:]), nil
}

// version is a file as a mutant has it.
type version struct {
	number    int
	name, src string
}

// merge returns the file src, of the given name, with the functions that versions of it have
// changed: each does first what the version does whose number the package's variable mutant
// has.
func merge(name, src string, versions []version) (string, error) {
	list, outside, err := functions(src)
	if err != nil {
		return "", err
	}
	changed := make([]string, len(list))
	for _, v := range versions {
		other, between, err := functions(v.src)
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.name, err)
		}
		if strings.Join(between, "{}") != strings.Join(outside, "{}") {
			return "", fmt.Errorf("%s: it changes more of %s than bodies of functions", v.name, name)
		}
		for i, f := range other {
			if f.body == list[i].body {
				continue
			}
			last := "return"
			if f.results {
				last = `panic("not reached")`
			}
			changed[i] += fmt.Sprintf("if mutant == %d {\n//line %s/%s:%d\n%s\n%s\n}\n",
				v.number, v.name, name, f.line, f.body[1:len(f.body)-1], last)
		}
	}
	var b strings.Builder
	for i, f := range list {
		b.WriteString(outside[i])
		if changed[i] != "" {
			f.body = fmt.Sprintf("{\n%s//line %s:%d\n%s", changed[i], name, f.line, f.body[1:])
		}
		b.WriteString(f.body)
	}
	b.WriteString(outside[len(list)])
	return b.String(), nil
}

// overlay writes the files that the mutants change, each with what all of them do to it,
// and returns the file that go test -overlay wants. A mutant's number is its place, from 1.
func overlay(dir string, mutants []*mutant) (string, error) {
	versions := map[string][]version{} // by the file
	sources := map[string]string{}
	for i, m := range mutants {
		for _, f := range m.files {
			at, err := filepath.Abs(filepath.Join(mutantsRoot, filepath.FromSlash(f.OldName)))
			if err != nil {
				return "", err
			}
			if _, ok := sources[at]; !ok {
				src, err := os.ReadFile(at)
				if err != nil {
					return "", err
				}
				sources[at] = string(src)
			}
			src, err := patch(sources[at], f)
			if err != nil {
				return "", fmt.Errorf("%s no longer applies to %s, write it anew: %w", m.name, f.OldName, err)
			}
			versions[at] = append(versions[at], version{i + 1, m.name, src})
		}
	}
	replaced := map[string]string{}
	put := func(at, src string) error {
		to := filepath.Join(dir, fmt.Sprintf("%d_%s", len(replaced), filepath.Base(at)))
		replaced[at] = to
		return os.WriteFile(to, []byte(src), 0o600)
	}
	for at, src := range sources {
		merged, err := merge(filepath.Base(at), src, versions[at])
		if err != nil {
			return "", err
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", merged, parser.PackageClauseOnly)
		number := fmt.Sprintf("package %s\n\nimport (\n\"os\"\n\"strconv\"\n)\n\nvar mutant, _ = strconv.Atoi(os.Getenv(%q))\n",
			file.Name.Name, mutantEnv)
		err = errors.Join(err, put(at, merged), put(filepath.Join(filepath.Dir(at), "mutant.go"), number))
		if err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o600)
}

func TestMerge(t *testing.T) {
	const (
		a = "package a\n\nvar x = 1\n\nfunc f() {\n\tx++\n}\n\nfunc g() (y int) { return x }\n"
		b = "if mutant == 1 {\n//line one/a.go:5\n\n\tx--\n\nreturn\n}\n"
		c = "if mutant == 3 {\n//line three/a.go:5\n\n\tx = 0\n\nreturn\n}\n"
		d = "if mutant == 3 {\n//line three/a.go:9\n return 0 \npanic(\"not reached\")\n}\n"
	)
	one := version{1, "one", strings.Replace(a, "x++", "x--", 1)}
	three := version{3, "three", strings.NewReplacer("x++", "x = 0", "return x", "return 0").Replace(a)}
	got, err := merge("a.go", a, []version{one, three})
	require.NoError(t, err)
	require.Equal(t, "package a\n\nvar x = 1\n\nfunc f() {\n"+b+c+"//line a.go:5\n\n\tx++\n}\n\n"+
		"func g() (y int) {\n"+d+"//line a.go:9\n return x }\n", got)
	for old, with := range map[string]string{"x = 1": "x = 2", "(y int)": "(z int)", "func f() {": "func f() {}\n\nfunc h() {"} {
		_, err := merge("a.go", a, []version{{1, "one", strings.Replace(a, old, with, 1)}})
		require.ErrorContains(t, err, "one: it changes more of a.go")
	}
	_, err = merge("a.go", a, []version{{1, "one", a + "}"}})
	require.Error(t, err)
}
