package command

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/store/rdb"
)

// library is a library of functions.
type library struct {
	name, source string
	engine       ScriptEngine
	functions    []*function // as it has registered them
}

// function is a function of a library.
type function struct {
	Function
	library *library
}

// libraries are those of a server. What is in it never changes.
type libraries struct {
	byName    map[string]*library
	functions map[string]*function // by their names in lower case
}

// all returns the libraries of a server.
func (s *scripts) all() *libraries {
	if l := s.libraries.Load(); l != nil {
		return l
	}
	return &libraries{}
}

// change puts what f makes of the libraries in their place.
func (s *scripts) change(f func(l *libraries) (*libraries, error)) error {
	for {
		was := s.libraries.Load()
		l, err := f(s.all())
		if err != nil || s.libraries.CompareAndSwap(was, l) {
			return err
		}
	}
}

// sorted returns the libraries by their names.
func (l *libraries) sorted() (list []*library) {
	for _, name := range slices.Sorted(maps.Keys(l.byName)) {
		list = append(list, l.byName[name])
	}
	return list
}

// without returns the libraries but one.
func (l *libraries) without(lib *library) *libraries {
	next := &libraries{byName: maps.Clone(l.byName), functions: maps.Clone(l.functions)}
	delete(next.byName, lib.name)
	for _, f := range lib.functions {
		delete(next.functions, lower(f.Name))
	}
	return next
}

// with returns the libraries and some more, which with replace may have the names of such that
// are there (libraryJoin in functions.c).
func (l *libraries) with(list []*library, replace bool) (*libraries, error) {
	next := &libraries{byName: map[string]*library{}, functions: map[string]*function{}}
	maps.Copy(next.byName, l.byName)
	maps.Copy(next.functions, l.functions)
	for _, lib := range list {
		if old := next.byName[lib.name]; old != nil {
			if !replace {
				return nil, libraryError("Library %s already exists", lib.name)
			}
			next = next.without(old)
		}
	}
	for _, lib := range list {
		next.byName[lib.name] = lib
		for _, f := range lib.functions {
			if next.functions[lower(f.Name)] != nil {
				return nil, libraryError("Function %s already exists", f.Name)
			}
			next.functions[lower(f.Name)] = f
		}
	}
	return next, nil
}

func libraryError(format string, args ...any) error {
	return &ReplyError{Text: failedf("ERR "+format, args...).Str}
}

// textError is an error in Redis's words.
type textError string

func (e textError) Error() string { return string(e) }

const badName = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

// isName says whether a library or a function may have a name.
func isName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_'
	})
}

// metadata reads the first line of a library (functionExtractLibMetaData in functions.c).
func metadata(source string) (engine, name, body string, err error) {
	line, body, ends := firstLine(source)
	switch {
	case ends && len(body) == len(source):
		return "", "", "", libraryError("Missing library metadata")
	case len(line) == 0:
		return "", "", "", libraryError("Invalid library metadata")
	}
	named := false
	for _, word := range line[1:] {
		switch {
		case len(word) < 5 || !same(word[:5], "name="):
			return "", "", "", libraryError("Invalid metadata value given: %s", word)
		case named:
			return "", "", "", libraryError("Invalid metadata value, name argument was given multiple times")
		}
		name, named = word[5:], true
	}
	if !named {
		return "", "", "", libraryError("Library name was not given")
	}
	return line[0][2:], name, body, nil
}

// load compiles a library for its place among others (functionsCreateWithLibraryCtx in
// functions.c).
func (srv *Server) load(ctx context.Context, source string, to *libraries, replace bool) (*library, *libraries, error) {
	engine, name, body, err := metadata(source)
	switch {
	case err != nil:
		return nil, nil, err
	case !isName(name):
		return nil, nil, libraryError(badName)
	case len(srv.engines) == 0:
		return nil, nil, replyError(errNoEngine)
	}
	lib := &library{name: strings.Clone(name), source: strings.Clone(source)}
	lib.engine = srv.engine(func(name string) bool { return strings.EqualFold(name, engine) })
	switch {
	case lib.engine == nil:
		return nil, nil, libraryError("Engine '%s' not found", engine)
	case to.byName[name] != nil && !replace:
		return nil, nil, libraryError("Library '%s' already exists", name)
	}
	if err := srv.register(ctx, lib, body); err != nil {
		return nil, nil, libraryError("%v", err)
	}
	if len(lib.functions) == 0 {
		return nil, nil, libraryError("No functions registered")
	}
	all, err := to.with([]*library{lib}, replace)
	return lib, all, err
}

// loadTime is for how long a library may load.
const loadTime = 500 * time.Millisecond

// register has the engine load a library.
func (srv *Server) register(ctx context.Context, lib *library, body string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timed, stop := srv.timeout(ctx, loadTime)
	defer stop()
	defer context.AfterFunc(timed, func() { cancel(ErrLoadTimeout) })()
	return lib.engine.Load(ctx, body, func(f Function) error {
		switch {
		case !isName(f.Name):
			return textError(badName)
		case slices.ContainsFunc(lib.functions, func(old *function) bool { return old.Name == f.Name }):
			return textError("Function already exists in the library")
		}
		lib.functions = append(lib.functions, &function{Function: f, library: lib})
		return nil
	})
}

func runFunctionLoad(c *call) Reply {
	last := len(c.args) - 1
	for i := 2; i < last; i++ {
		if !c.is(i, "replace") {
			return failedf("ERR Unknown option given: %s", c.args[i])
		}
	}
	var name string
	err := c.s.srv.scripts.change(func(l *libraries) (*libraries, error) {
		lib, all, err := c.s.srv.load(c.ctx, c.args[last], l, last > 2)
		if err == nil {
			name = lib.name
		}
		return all, err
	})
	if err != nil {
		return replyOf(err)
	}
	return bulk(name)
}

func runFunctionDelete(c *call) Reply {
	err := c.s.srv.scripts.change(func(l *libraries) (*libraries, error) {
		lib := l.byName[c.args[2]]
		if lib == nil {
			return nil, libraryError("Library not found")
		}
		return l.without(lib), nil
	})
	if err != nil {
		return replyOf(err)
	}
	return ok
}

func runFunctionFlush(c *call) Reply {
	switch {
	case len(c.args) > 3:
		return c.subSyntax()
	case len(c.args) == 3 && !c.is(2, "sync") && !c.is(2, "async"):
		return failed("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
	}
	c.s.srv.scripts.libraries.Store(nil)
	return ok
}

func runFunctionDump(c *call) Reply {
	var sources []string
	for _, lib := range c.s.srv.scripts.all().sorted() {
		sources = append(sources, lib.source)
	}
	return bulk(string(rdb.EncodeLibraries(sources)))
}

// runFunctionRestore is functionRestoreCommand in functions.c.
func runFunctionRestore(c *call) Reply {
	if len(c.args) > 4 {
		return c.subSyntax()
	}
	policy := "append"
	if len(c.args) == 4 {
		if policy = lower(cString(c.args[3])); policy != "append" && policy != "replace" && policy != "flush" {
			return failed("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
		}
	}
	srv := c.s.srv
	restored, list := &libraries{}, []*library(nil)
	err := rdb.DecodeLibraries([]byte(c.args[2]), func(source string) error {
		lib, all, err := srv.load(c.ctx, source, restored, false)
		if err == nil {
			restored, list = all, append(list, lib)
		}
		return err
	})
	if err == nil {
		err = srv.scripts.change(func(l *libraries) (*libraries, error) {
			if policy == "flush" {
				return restored, nil
			}
			return l.with(list, policy == "replace")
		})
	}
	switch {
	case err == rdb.ErrVersion:
		return errPayloadVersion
	case err != nil:
		return replyOf(err)
	}
	return ok
}

func runFunctionList(c *call) Reply {
	pattern, withCode := -1, false
	for i := 2; i < len(c.args); i++ {
		switch {
		case c.is(i, "withcode") && !withCode:
			withCode = true
		case !c.is(i, "libraryname") || pattern > 0:
			return failedf("ERR Unknown argument %s", c.args[i])
		case i+1 == len(c.args):
			return failed("ERR library name argument was not given")
		default:
			i++
			pattern = i
		}
	}
	r := array()
	for _, lib := range c.s.srv.scripts.all().sorted() {
		if pattern > 0 && !pubsub.Match(lower(c.args[pattern]), lower(lib.name)) {
			continue
		}
		shown := lib.describe()
		if withCode {
			shown.Elems = append(shown.Elems, bulk("library_code"), bulk(lib.source))
		}
		r.Elems = append(r.Elems, shown)
	}
	return r
}

// describe is the library as FUNCTION LIST shows it.
func (lib *library) describe() Reply {
	functions := array()
	for _, f := range lib.functions {
		description, flags := null, Reply{Kind: Set}
		if f.Description != nil {
			description = bulk(*f.Description)
		}
		for _, name := range f.Flags.Names() {
			flags.Elems = append(flags.Elems, simple(name))
		}
		functions.Elems = append(functions.Elems,
			pairs(bulk("name"), bulk(f.Name), bulk("description"), description, bulk("flags"), flags))
	}
	return pairs(bulk("library_name"), bulk(lib.name), bulk("engine"), bulk(lib.engine.Name()), bulk("functions"), functions)
}

func runFunctionKill(c *call) Reply { return c.s.srv.scripts.kill(true) }

func runFunctionStats(c *call) Reply {
	srv, running := c.s.srv, null
	if r := srv.scripts.running.Load(); r != nil {
		if !r.function {
			return errBusyScript
		}
		running = pairs(bulk("name"), bulk(r.name), bulk("command"), texts(r.args),
			bulk("duration_ms"), integer(srv.now().Sub(r.began).Milliseconds()))
	}
	engines, all := pairs(), srv.scripts.all()
	for _, e := range srv.engines {
		libs, functions := 0, 0
		for _, lib := range all.byName {
			if lib.engine.Name() == e.Name() { // engines need not be comparable
				libs++
				functions += len(lib.functions)
			}
		}
		engines.Elems = append(engines.Elems, bulk(e.Name()),
			pairs(bulk("libraries_count"), integer(int64(libs)), bulk("functions_count"), integer(int64(functions))))
	}
	return pairs(bulk("running_script"), running, bulk("engines"), engines)
}

func runFCall(c *call) Reply {
	c.showFirst()
	f := c.s.srv.scripts.all().functions[lower(c.args[1])]
	switch {
	case f != nil:
	case len(c.s.srv.engines) == 0:
		return errNoEngine
	default:
		return failed("ERR Function not found")
	}
	keys, args, bad := c.scriptKeys(&errKeyCount)
	if bad == nil {
		bad = c.refuses(f.Flags)
	}
	if bad != nil {
		return *bad
	}
	return c.runScript(f.Script, &ScriptCall{
		Name: f.Name, Function: true, ReadOnly: f.Flags&NoWrites != 0, Keys: keys, Args: args,
		anySlot: f.Flags&AllowCrossSlotKeys != 0,
	})
}

var errKeyCount = failed("ERR Bad number of keys provided")

// fcallWrites says whether FCALL of these words may write.
func fcallWrites(srv *Server, args []string) bool {
	f := srv.scripts.all().functions[lower(args[1])]
	return f == nil || f.Flags&NoWrites == 0
}
