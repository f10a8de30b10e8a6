package store_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// The house rules that no linter knows. Each is a function from the source of
// the module to a list of complaints; TestLayout wants none for this checkout,
// and TestLayoutComplains wants the right ones for small wrong modules.

const (
	modulePath = "github.com/alcovedb/alcove"
	redisDocs  = "https://redis.io/docs/latest/commands/"
	fileLimit  = 400 // lines
	funcLimit  = 60  // lines
)

// Passes are the exceptions to the rules, each with its reason. One that is
// no longer needed fails too.
type passes struct {
	longFiles    exceptions // paths
	longFuncs    exceptions // path:Func or path:Type.Method
	mayImportNet exceptions // directories; they still open no connection
	freeDocs     exceptions // Type.Method that stands for no Redis command, at no cost to tell
	notHandles   exceptions // exported types of store whose methods are no commands
}

var housePasses = passes{
	longFiles: exceptions{
		"store/hash.go":       "two thirds of it are the contracts of its methods",
		"store/set.go":        "two thirds of it are the contracts of its methods",
		"store/list.go":       "half of it are the contracts of its methods",
		"store/string.go":     "two thirds of it are the contracts of its methods",
		"store/zset.go":       "two thirds of it are the contracts of its methods",
		"store/zcombine.go":   "two thirds of it are the contracts of its methods",
		"structures/hash.go":  "two forms of one value and the encoding of the small one, best read together",
		"structures/table.go": "the table's operations share one invariant, best read in one place",
	},
	mayImportNet: exceptions{
		"store/resp":      "a net.Conn is what clients take; this one is in memory",
		"store/redistest": "its Dialer has the type that clients take",
	},
	freeDocs: exceptions{
		"DB.Hash":                  "makes a handle",
		"DB.String":                "makes a handle",
		"Hash.Key":                 "reads the handle",
		"DB.Bitmap":                "makes a handle",
		"Bitmap.Key":               "reads the handle",
		"DB.HLL":                   "makes a handle",
		"HLL.Key":                  "reads the handle",
		"DB.Set":                   "makes a handle",
		"Set.Key":                  "reads the handle",
		"DB.List":                  "makes a handle",
		"List.Key":                 "reads the handle",
		"DB.ZSet":                  "makes a handle",
		"DB.Geo":                   "makes a handle",
		"Geo.Key":                  "reads the handle",
		"Store.Close":              "ends the store",
		"Store.DB":                 "makes a handle",
		"Store.Fork":               "Redis has one process",
		"Tx.DB":                    "makes a handle",
		"Tx.OnCommit":              "Redis has no closures",
		"Store.Snapshot":           "Redis has none to read",
		"Store.Changes":            "Redis has no feeds",
		"Store.SnapshotAndChanges": "Redis has no feeds",
		"Store.SetNotifications":   "a parameter of CONFIG SET",
		"Store.Notifications":      "a parameter of CONFIG GET",
		"DB.WaitFor":               "Redis has no conditions",
		"DB.Store":                 "reads the handle",
		"Store.Timeout":            "makes a context",
		"Store.Stats":              "a struct of what INFO tells in text",
		"Store.UsedMemory":         "a field of Stats",
		"String.Key":               "reads the handle",
		"ZSet.Key":                 "reads the handle",
		"DB.Stream":                "makes a handle",
		"Stream.Group":             "makes a handle",
		"Stream.Key":               "reads the handle",
		"Group.Key":                "reads the handle",
		"Group.Name":               "reads the handle",

		"Subscription.C":             "a client's work",
		"Subscription.Channels":      "a client's work",
		"Subscription.Close":         "ends the subscription",
		"Subscription.Err":           "reads the subscription",
		"Subscription.Handle":        "a client's work",
		"Subscription.Patterns":      "a client's work",
		"Subscription.Receive":       "a client's work",
		"Subscription.ShardChannels": "a client's work",
		"Subscription.Stats":         "Redis does not count them",
	},
	notHandles: exceptions{
		"BitField":    "a part of an operation",
		"BitType":     "a part of an operation",
		"FieldOp":     "an operation to be done",
		"Kind":        "an enumeration",
		"ManualClock": "a clock for tests",
		"Notify":      "a set of flags",
		"Snapshot":    "a store to read",
		"ZRange":      "selects members",
		"GeoQuery":    "selects places",
		"Unit":        "an enumeration",
		"Entry":       "an entry of a stream",
		"Feed":        "delivers changes",
		"Reason":      "an enumeration",
		"IDRange":     "selects entries",
		"StreamID":    "a number",
		"StreamTrim":  "selects entries to remove",
	},
}

var (
	// leaves never import each other, nor store.
	leaves = []string{"structures", "expire", "txn", "pubsub", "store/rdb", "store/internal/words", "store/internal/hook", "store/internal/redisserver"}

	// programs are not the library: only the limits of length hold for them.
	programs = []string{"examples", "bench"}

	dependencies = []string{"github.com/google/btree", "github.com/cespare/xxhash/v2"}

	unsafeFile = "structures/piece.go"
	clockFile  = "store/clock.go"

	// moreClocks wait for times that are not a store's to say.
	moreClocks = exceptions{
		"store/resp/deadline.go":    "a connection's deadlines are times of package time, whatever clock a store has",
		"store/redistest/bubble.go": "by its time a bubble is told from the world outside",
	}

	lockFiles = []string{
		"store/shard.go", "store/write.go", "store/read.go", "store/tx.go", "store/snapshot.go",
		"store/tx_run.go", "store/tx_read.go", "store/tx_write.go", "store/tx_attempt.go", "store/tx_commit.go", "store/tx_whole.go", "store/hold.go", "store/wait.go", "store/batch.go", "store/chain.go",
		"store/miss.go", "store/pinned.go", "store/tx_publish.go",
	}

	clockNames = []string{
		"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep",
	}
	lockNames = []string{"Lock", "RLock", "TryLock", "TryRLock", "Unlock", "RUnlock", "RLocker"}
)

var layoutRules = map[string]func(*sourceTree) []string{
	"arrows":         arrows,
	"net":            noNetwork,
	"clock":          clockOnly,
	"unsafe":         unsafeOnly,
	"shard locks":    shardLocks,
	"length":         lengths,
	"methods' docs":  methodDocs,
	"docs":           exportedDocs,
	"examples":       handleExamples,
	"readme program": readmeProgram,
}

func TestLayout(t *testing.T) {
	tree, err := parseTree(os.DirFS(".."), housePasses)
	require.NoError(t, err)
	require.NotNil(t, tree.file("store/layout_test.go"), "the test must run inside the module")
	for name, rule := range layoutRules {
		t.Run(name, func(t *testing.T) {
			for _, complaint := range rule(tree) {
				t.Error(complaint)
			}
		})
	}
}

// exceptions maps what a rule passes over to the reason.
type exceptions map[string]string

// unused complains about each exception that is not in used.
func (e exceptions) unused(rule string, used map[string]bool) []string {
	var complaints []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if !used[name] {
			complaints = append(complaints, fmt.Sprintf("%s: %s needs no exception (any more)", rule, name))
		}
	}
	return complaints
}

// A sourceTree is the parsed Go source of a module, without nested ones.
type sourceTree struct {
	fset  *token.FileSet
	files []*sourceFile
	root  fs.FS
	pass  passes
}

// A sourceFile is one Go file; its path is slash-separated, from the root.
type sourceFile struct {
	path string
	test bool
	ast  *ast.File
}

func parseTree(root fs.FS, pass passes) (*sourceTree, error) {
	s := &sourceTree{fset: token.NewFileSet(), root: root, pass: pass}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			_, err := fs.Stat(root, path.Join(name, "go.mod"))
			if err == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(s.fset, name, text, parser.ParseComments) // doc.Example needs what it resolves
		if err != nil {
			return err
		}
		s.files = append(s.files, &sourceFile{path: name, test: strings.HasSuffix(name, "_test.go"), ast: f})
		return nil
	})
	return s, err
}

func (s *sourceTree) file(name string) *sourceFile {
	for _, f := range s.files {
		if f.path == name {
			return f
		}
	}
	return nil
}

// code returns the files that are not tests.
func (s *sourceTree) code() []*sourceFile {
	return slices.DeleteFunc(slices.Clone(s.files), func(f *sourceFile) bool { return f.test })
}

// library returns the files that a program that imports Alcove may get.
func (s *sourceTree) library() []*sourceFile {
	return slices.DeleteFunc(s.code(), func(f *sourceFile) bool {
		return slices.ContainsFunc(programs, func(dir string) bool { return within(f.dir(), dir) })
	})
}

// storePackage returns the files of package store that are not tests.
func (s *sourceTree) storePackage() []*sourceFile {
	return slices.DeleteFunc(s.code(), func(f *sourceFile) bool { return f.dir() != "store" })
}

func (s *sourceTree) line(p token.Pos) int { return s.fset.Position(p).Line }

// at formats a complaint about the place p.
func (s *sourceTree) at(p token.Pos, text string, args ...any) string {
	pos := s.fset.Position(p)
	return fmt.Sprintf("%s:%d: %s", pos.Filename, pos.Line, fmt.Sprintf(text, args...))
}

func (f *sourceFile) dir() string { return path.Dir(f.path) }

// imports calls visit with each import's path and place.
func (f *sourceFile) imports(visit func(string, token.Pos)) {
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			visit(name, spec.Pos())
		}
	}
}

// uses calls visit with each name that f takes from the package imported as pkg.
func (f *sourceFile) uses(pkg string, visit func(string, token.Pos)) {
	for _, spec := range f.ast.Imports {
		if spec.Path.Value != strconv.Quote(pkg) {
			continue
		}
		local := path.Base(pkg)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
					visit(sel.Sel.Name, sel.Pos())
				}
			}
			return true
		})
	}
}

// within reports whether the slash-separated name is root or below it.
func within(name, root string) bool {
	return name == root || strings.HasPrefix(name, root+"/")
}

// standard reports whether pkg is in the standard library.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// arrows keeps who imports whom.
func arrows(s *sourceTree) []string {
	var complaints []string
	for _, f := range s.library() {
		f.imports(func(pkg string, pos token.Pos) {
			if own, ok := strings.CutPrefix(pkg, modulePath+"/"); ok {
				if !mayImport(f.dir(), own) {
					complaints = append(complaints, s.at(pos, "%s must not import %s", f.dir(), own))
				}
			} else if !standard(pkg) && !slices.Contains(dependencies, pkg) {
				complaints = append(complaints, s.at(pos, "the library must not depend on %s", pkg))
			}
		})
		for _, spec := range f.ast.Imports {
			if spec.Name != nil && spec.Name.Name == "." {
				complaints = append(complaints, s.at(spec.Pos(), "a dot import hides what is used"))
			}
		}
	}
	return complaints
}

// mayImport says whether directory from may import directory to of the module.
func mayImport(from, to string) bool {
	inDir := func(dir string) bool { return within(from, dir) }
	switch {
	case slices.ContainsFunc(leaves, inDir):
		return false
	case from == "store":
		return slices.Contains(leaves, to)
	default:
		return within(to, "store") || slices.Contains(leaves, to)
	}
}

// noNetwork keeps net out of the library, and connections out of what may
// import it all the same.
func noNetwork(s *sourceTree) []string {
	var complaints []string
	used := map[string]bool{}
	for _, f := range s.library() {
		_, allowed := s.pass.mayImportNet[f.dir()]
		f.imports(func(pkg string, pos token.Pos) {
			if !within(pkg, "net") {
				return
			}
			used[f.dir()] = true
			if !allowed {
				complaints = append(complaints, s.at(pos, "%s must not import %s", f.dir(), pkg))
			}
			f.uses(pkg, func(name string, pos token.Pos) {
				if strings.HasPrefix(name, "Listen") || strings.HasPrefix(name, "Dial") || name == "Serve" {
					complaints = append(complaints, s.at(pos, "%s.%s: the library opens no connection", pkg, name))
				}
			})
		})
	}
	return append(complaints, s.pass.mayImportNet.unused("mayImportNet", used)...)
}

// clockOnly keeps the time of day and timers in one file.
func clockOnly(s *sourceTree) []string {
	var complaints []string
	for _, f := range s.library() {
		if f.path == clockFile || moreClocks[f.path] != "" {
			continue
		}
		f.uses("time", func(name string, pos token.Pos) {
			if slices.Contains(clockNames, name) {
				complaints = append(complaints, s.at(pos, "time.%s outside %s", name, clockFile))
			}
		})
	}
	return complaints
}

// unsafeOnly keeps unsafe in one file, and cgo out.
func unsafeOnly(s *sourceTree) []string {
	var complaints []string
	for _, f := range s.library() {
		f.imports(func(pkg string, pos token.Pos) {
			if pkg == "C" || pkg == "unsafe" && f.path != unsafeFile {
				complaints = append(complaints, s.at(pos, "%s outside %s", pkg, unsafeFile))
			}
		})
	}
	return complaints
}

// shardLocks keeps the locks of shards, the fields named mu, in the files of the
// write path. Other mutexes of package store are leaf locks with other names.
func shardLocks(s *sourceTree) []string {
	var complaints []string
	for _, f := range s.storePackage() {
		if slices.Contains(lockFiles, f.path) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(lockNames, sel.Sel.Name) {
				return true
			}
			if x, ok := sel.X.(*ast.SelectorExpr); ok && x.Sel.Name == "mu" {
				complaints = append(complaints, s.at(sel.Pos(), "mu.%s outside the write path", sel.Sel.Name))
			}
			return true
		})
	}
	return complaints
}

// lengths keeps files and functions short enough to read.
func lengths(s *sourceTree) []string {
	var complaints []string
	files, funcs := map[string]bool{}, map[string]bool{}
	for _, f := range s.code() {
		if n := s.line(f.ast.FileEnd - 1); n > fileLimit {
			files[f.path] = true
			if s.pass.longFiles[f.path] == "" {
				complaints = append(complaints, fmt.Sprintf("%s: %d lines, more than %d", f.path, n, fileLimit))
			}
		}
		for _, decl := range f.ast.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := f.path + ":" + d.Name.Name
			if r := receiver(d); r != "" {
				name = f.path + ":" + r + "." + d.Name.Name
			}
			if n := s.line(d.End()) - s.line(d.Pos()) + 1; n > funcLimit {
				funcs[name] = true
				if s.pass.longFuncs[name] == "" {
					complaints = append(complaints, s.at(d.Pos(), "%s: %d lines, more than %d", name, n, funcLimit))
				}
			}
		}
	}
	complaints = append(complaints, s.pass.longFiles.unused("longFiles", files)...)
	return append(complaints, s.pass.longFuncs.unused("longFuncs", funcs)...)
}

// receiver returns the name of the type that d is a method of, or "".
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	return typeName(d.Recv.List[0].Type)
}

// typeName returns the name of a type, of the one it points to, or of the
// generic one it instantiates.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return ""
}

// methods returns the exported methods of package store's exported types.
func (s *sourceTree) methods() map[string][]*ast.FuncDecl {
	methods := map[string][]*ast.FuncDecl{}
	for _, f := range s.storePackage() {
		for _, decl := range f.ast.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Name.IsExported() && ast.IsExported(receiver(d)) {
				methods[receiver(d)] = append(methods[receiver(d)], d)
			}
		}
	}
	return methods
}

var (
	redisPart = regexp.MustCompile(`Redis: (\[[A-Z].*)`)
	redisName = regexp.MustCompile(`\[([A-Z][A-Z0-9_ -]*)\]`)
)

// methodDocs keeps the form of the doc comments of handles' methods: the name,
// the complexity, and links to the Redis commands.
func methodDocs(s *sourceTree) []string {
	var complaints []string
	usedTypes, usedMethods := map[string]bool{}, map[string]bool{}
	methods := s.methods()
	for _, typ := range slices.Sorted(maps.Keys(methods)) {
		isError := func(d *ast.FuncDecl) bool { return d.Name.Name == "Error" }
		if slices.ContainsFunc(methods[typ], isError) {
			continue
		}
		if usedTypes[typ] = true; s.pass.notHandles[typ] != "" {
			continue
		}
		for _, d := range methods[typ] {
			name := typ + "." + d.Name.Name
			wrong := commandDoc(d.Doc.Text())
			usedMethods[name] = wrong != ""
			if s.pass.freeDocs[name] != "" {
				wrong = ""
			}
			if !strings.HasPrefix(d.Doc.Text(), d.Name.Name+" ") {
				wrong = "does not start with the name"
			}
			if wrong != "" {
				complaints = append(complaints, s.at(d.Pos(), "doc comment of %s: %s", name, wrong))
			}
		}
	}
	complaints = append(complaints, s.pass.notHandles.unused("notHandles", usedTypes)...)
	return append(complaints, s.pass.freeDocs.unused("freeDocs", usedMethods)...)
}

// commandDoc says what the doc comment of a method lacks that stands for a Redis
// command, if anything.
func commandDoc(text string) string {
	flat := strings.Join(strings.Fields(text), " ")
	if !strings.Contains(flat, "complexity is O(") {
		return "lacks \"The complexity is O(\""
	}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		part := redisPart.FindStringSubmatch(strings.Join(strings.Fields(paragraph), " "))
		if part == nil {
			continue
		}
		for _, command := range redisName.FindAllStringSubmatch(part[1], -1) {
			name, _ := strings.CutSuffix(command[1], " DIGEST") // DEBUG has one page
			page := redisDocs + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
			link := regexp.MustCompile(`(?m)^\[` + command[1] + `\]: ` + regexp.QuoteMeta(page) + `/?$`)
			if !link.MatchString(text) {
				return fmt.Sprintf("lacks the line \"[%s]: %s/\"", command[1], page)
			}
		}
		return ""
	}
	return "lacks \"Redis: [\" and a command"
}

// exportedDocs wants a doc comment for every exported name of package store.
func exportedDocs(s *sourceTree) []string {
	var complaints []string
	want := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		has := func(c *ast.CommentGroup) bool { return c.Text() != "" }
		if name.IsExported() && !slices.ContainsFunc(docs, has) {
			complaints = append(complaints, s.at(name.Pos(), "%s has no doc comment", name.Name))
		}
	}
	for _, f := range s.storePackage() {
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil || ast.IsExported(receiver(d)) {
					want(d.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						want(spec.Name, d.Doc, spec.Doc)
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							want(name, d.Doc, spec.Doc, spec.Comment)
						}
					}
				}
			}
		}
	}
	return complaints
}

// handles returns the types that have the keys' data as methods: Store, DB, and
// each type that a method of DB with its name returns.
func (s *sourceTree) handles() []string {
	handles := []string{"Store", "DB"}
	for _, d := range s.methods()["DB"] {
		results := d.Type.Results
		if results != nil && len(results.List) == 1 && typeName(results.List[0].Type) == d.Name.Name {
			handles = append(handles, d.Name.Name)
		}
	}
	return handles
}

// storeExamples returns the examples of package store.
func (s *sourceTree) storeExamples() []*doc.Example {
	var files []*ast.File
	for _, f := range s.files {
		if f.test && f.dir() == "store" {
			files = append(files, f.ast)
		}
	}
	return doc.Examples(files...)
}

// handleExamples wants an example with an output for every handle.
func handleExamples(s *sourceTree) []string {
	var complaints []string
	examples := s.storeExamples()
	for _, handle := range s.handles() {
		shows := func(e *doc.Example) bool {
			typ, _, _ := strings.Cut(e.Name, "_")
			return typ == handle && e.Output != ""
		}
		if !slices.ContainsFunc(examples, shows) {
			complaints = append(complaints, fmt.Sprintf("no Example%s with an // Output:", handle))
		}
	}
	return complaints
}

// readmeProgram wants the README's first Go block to be Example of
// store/example_test.go as a program, and its output as a comment at the end.
func readmeProgram(s *sourceTree) []string {
	readme, err := fs.ReadFile(s.root, "README.md")
	if err != nil {
		return []string{err.Error()}
	}
	want, err := s.exampleProgram()
	if err != nil {
		return []string{err.Error()}
	}
	_, rest, _ := strings.Cut(string(readme), "\n```go\n")
	got, _, _ := strings.Cut(rest, "\n```")
	if got == want {
		return nil
	}
	return []string{fmt.Sprintf("README.md: the first Go block must be Example of store/example_test.go:\n%s\nand is:\n%s", want, got)}
}

func (s *sourceTree) exampleProgram() (string, error) {
	f := s.file("store/example_test.go")
	if f == nil {
		return "", fmt.Errorf("store/example_test.go is missing")
	}
	for _, e := range doc.Examples(f.ast) {
		if e.Name != "" {
			continue
		}
		if e.Play == nil || e.Output == "" {
			return "", fmt.Errorf("store/example_test.go: Example must have an output and be a program by itself")
		}
		var program bytes.Buffer
		if err := format.Node(&program, s.fset, e.Play); err != nil {
			return "", err
		}
		program.WriteString("\n// Output:\n")
		for line := range strings.Lines(e.Output) {
			program.WriteString(strings.TrimRight("// "+strings.TrimSuffix(line, "\n"), " ") + "\n")
		}
		return strings.TrimSuffix(program.String(), "\n"), nil
	}
	return "", fmt.Errorf("store/example_test.go has no func Example")
}

// TestLayoutComplains breaks every rule, one at a time, in a small module.
func TestLayoutComplains(t *testing.T) {
	const (
		example = "package store_test\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/alcovedb/alcove/store\"\n)\n\n" +
			"func Example() {\n\ts := store.New()\n\tfmt.Println(s)\n\t// Output:\n\t// a\n\t// b\n}\n" +
			"func ExampleDB() {\n\t// Output: a\n}\nfunc ExampleStore() {\n\t// Output: a\n}\nfunc ExampleBox_Get() {\n\t// Output: a\n}\n"
		readme = "```go\npackage main\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/alcovedb/alcove/store\"\n)\n\n" +
			"func main() {\n\ts := store.New()\n\tfmt.Println(s)\n}\n\n// Output:\n// a\n// b\n```\n"
		box = "package store\n// Box is one.\ntype Box struct{}\n"
		get = "// Get gets. The complexity\n// is O(1). Redis: [BOX GET] and [GET].\n//\n" +
			"// [BOX GET]: https://redis.io/docs/latest/commands/box-get/\n// [GET]: https://redis.io/docs/latest/commands/get/\n" +
			"func (Box) Get() {}\n"
		db = "package store\n// DB is one.\ntype DB struct{}\n// Box boxes. The complexity is O(1). Redis: [BOX].\n//\n" +
			"// [BOX]: https://redis.io/docs/latest/commands/box/\nfunc (d *DB) Box(key string) Box { return Box{} }\n"
	)
	good := map[string]string{
		"README.md":              "# A\n\n" + readme,
		"store/example_test.go":  example,
		"store/db.go":            db,
		"store/box.go":           box + get,
		"store/clock.go":         "package store\nimport \"time\"\nvar _ = time.Now\n",
		"store/resp/deadline.go": "package resp\nimport \"time\"\nvar _ = time.AfterFunc\n",
		"store/shard.go":         "package store\nfunc (s *shard) f() { s.mu.Lock() }\n",
		"store/x_test.go":        "package store\nimport (\"net\"; \"time\"; \"unsafe\")\nvar _, _ = time.Now, net.Dial\n",
		"structures/piece.go":    "package structures\nimport \"unsafe\"\n",
		"examples/a/main.go":     "package main\nimport (\"net\"; \"time\"; \"example.com/x\")\nvar _ = time.Now\n",
		"bench/go.mod":           "module b\n",
		"bench/a.go":             "package b\nimport \"unsafe\"\n" + strings.Repeat("\n", fileLimit),
		"store/x/a.go":           "package x\nimport \"" + modulePath + "/store\"\n",
	}
	long := strings.Repeat("\n", funcLimit)
	cases := []struct {
		rule, file, text, want string
	}{
		{"arrows", "expire/a.go", "package expire\nimport \"" + modulePath + "/structures\"\n", "expire must not import structures"},
		{"arrows", "pubsub/in/a.go", "package in\nimport \"" + modulePath + "/store\"\n", "pubsub/in must not import store"},
		{"arrows", "store/a.go", "package store\nimport \"" + modulePath + "/store/x\"\n", "store must not import store/x"},
		{"arrows", "store/x/b.go", "package x\nimport \"" + modulePath + "/examples/a\"\n", "store/x must not import examples/a"},
		{"arrows", "store/a.go", "package store\nimport \"example.com/x\"\n", "must not depend on example.com/x"},
		{"arrows", "store/a.go", "package store\nimport . \"time\"\n", "dot import"},
		{"net", "store/a.go", "package store\nimport \"net\"\n", "store must not import net"},
		{"net", "store/x/b.go", "package x\nimport \"net/http\"\n", "store/x must not import net/http"},
		{"net", "store/a.go", "package store\nimport n \"net\"\nvar _ = n.DialTimeout\n", "net.DialTimeout"},
		{"clock", "store/a.go", "package store\nimport \"time\"\nvar _ = time.Now()\n", "time.Now outside"},
		{"clock", "store/resp/conn.go", "package resp\nimport \"time\"\nvar _ = time.Now()\n", "time.Now outside"},
		{"clock", "expire/a.go", "package expire\nimport t \"time\"\nfunc f() { g(t.AfterFunc) }\n", "time.AfterFunc outside"},
		{"unsafe", "structures/a.go", "package structures\nimport \"unsafe\"\n", "unsafe outside"},
		{"unsafe", "store/a.go", "package store\nimport \"C\"\n", "C outside"},
		{"shard locks", "store/a.go", "package store\nfunc f(s *shard) { defer s.mu.RUnlock() }\n", "mu.RUnlock outside"},
		{"shard locks", "store/a.go", "package store\nfunc (d DB) f() { d.shards[3].mu.TryLock() }\n", "mu.TryLock outside"},
		{"length", "store/a.go", "package store\n" + strings.Repeat("\n", fileLimit), "store/a.go: 401 lines"},
		{"length", "examples/a/a.go", "package main\nfunc (t *T[K]) f() {" + long + "}\n", "T.f: 61 lines"},
		{"methods' docs", "store/box.go", box + strings.Replace(get, "Get gets", "It gets", 1), "Box.Get: does not start"},
		{"methods' docs", "store/box.go", box + strings.Replace(get, "O(1)", "constant", 1), "Box.Get: lacks \"The complexity"},
		{"methods' docs", "store/box.go", box + strings.Replace(get, "Redis: ", "", 1), "Box.Get: lacks \"Redis: [\""},
		{"methods' docs", "store/box.go", box + strings.Replace(get, "/get/", "/got/", 1), "lacks the line \"[GET]: "},
		{"methods' docs", "store/box.go", box + strings.Replace(get, "box-get", "box", 1), "lacks the line \"[BOX GET]: "},
		{"methods' docs", "store/box.go", box + "func (*Box) Get() {}\n", "Box.Get: does not start"},
		{"docs", "store/a.go", "package store\nfunc F() {}\n", "F has no doc comment"},
		{"docs", "store/a.go", "package store\nconst (\n\ta = 1\n\n\tB = 2\n)\n", "B has no doc comment"},
		{"docs", "store/a.go", "package store\ntype T int\n", "T has no doc comment"},
		{"examples", "store/example_test.go", strings.Replace(example, "Box_Get", "Get", 1), "no ExampleBox"},
		{"examples", "store/example_test.go", strings.Replace(example, "ExampleStore", "exampleStore", 1), "no ExampleStore"},
		{"examples", "store/example_test.go", strings.Replace(example, "DB() {\n\t// Output: a", "DB() {", 1), "no ExampleDB"},
		{"readme program", "README.md", "", "must be Example"},
		{"readme program", "README.md", "# A\n\n" + strings.Replace(readme, "New()", "New(1)", 1), "must be Example"},
		{"readme program", "README.md", "# A\n\n" + strings.Replace(readme, "// b\n", "", 1), "must be Example"},
		{"readme program", "store/example_test.go", strings.Replace(example, "Example()", "Example_a()", 1), "no func Example"},
	}

	parse := func(t *testing.T, files map[string]string) *sourceTree {
		module := fstest.MapFS{}
		for name, text := range files {
			module[name] = &fstest.MapFile{Data: []byte(text)}
		}
		tree, err := parseTree(module, passes{})
		require.NoError(t, err)
		return tree
	}
	broken := map[string]bool{}
	for i, c := range cases {
		broken[c.rule] = true
		t.Run(fmt.Sprintf("%s/%d", c.rule, i), func(t *testing.T) {
			files := maps.Clone(good)
			require.Empty(t, layoutRules[c.rule](parse(t, files)), "the module without the mistake")
			files[c.file] = c.text
			require.Contains(t, strings.Join(layoutRules[c.rule](parse(t, files)), "\n"), c.want)
		})
	}
	for rule := range layoutRules {
		require.True(t, broken[rule], "no case breaks the rule %q", rule)
	}
	require.Len(t, exceptions{"a": "why", "b": "why"}.unused("", map[string]bool{"a": true}), 1)
}
