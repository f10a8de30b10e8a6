package redistest

import (
	"errors"
	"go/ast"
	"go/parser"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMiniredisPage: the page has all of miniredis's calls, and what it names in their place is
// there.
func TestMiniredisPage(t *testing.T) {
	page, err := os.ReadFile("MINIREDIS.md")
	require.NoError(t, err)
	names, err := os.ReadFile("testdata/miniredis.txt")
	require.NoError(t, err)
	named := map[string]bool{}
	row := regexp.MustCompile("^\\| `(\\w+\\.\\w+)\\([^|]*\\)` \\| `([^|]*)` \\|")
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		m := row.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.False(t, named[m[1]], "twice: %s", m[1])
		named[m[1]] = true
		expr, err := parser.ParseExpr(m[2])
		require.NoError(t, err, line)
		_, err = typeOf(expr)
		require.NoError(t, err, line)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(names)) {
		name := strings.TrimSpace(line)
		if name == "" || name[0] == '#' {
			continue
		}
		known[name] = true
		if method, is := strings.CutPrefix(name, "db."); is && named["m."+method] {
			continue // the page says that these are the same
		}
		require.True(t, named[name], "the page does not have %s", name)
	}
	for name := range named {
		require.True(t, known[name], "miniredis has no %s", name)
	}
	_, err = typeOf(&ast.SelectorExpr{X: ast.NewIdent("r"), Sel: ast.NewIdent("Nothing")})
	require.Error(t, err)
}

// typeOf returns the type of an expression of the page: calls of methods, from r or package
// redistest on.
func typeOf(e ast.Expr) (reflect.Type, error) {
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "r" {
			return reflect.TypeFor[*Redis](), nil
		}
	case *ast.CallExpr:
		f, err := typeOf(e.Fun)
		if err != nil || f.NumOut() == 0 {
			return nil, err
		}
		return f.Out(0), nil
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name == "redistest" {
			f, ok := map[string]any{"Run": Run, "WithTime": WithTime}[e.Sel.Name]
			if ok {
				return reflect.TypeOf(f), nil
			}
			return nil, errors.New("no function " + e.Sel.Name)
		}
		t, err := typeOf(e.X)
		if err != nil {
			return nil, err
		}
		m, ok := t.MethodByName(e.Sel.Name)
		if !ok {
			return nil, errors.New(t.String() + " has no method " + e.Sel.Name)
		}
		return m.Type, nil
	}
	return nil, errors.New("neither r nor a call")
}
