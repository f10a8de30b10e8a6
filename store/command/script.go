package command

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

func init() { register(scriptCommands) }

var scriptCommands = []*Command{
	{
		Name: "eval", Arity: -3, Flags: NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "2.6.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RW access update")},
		Whole:   true,
		Summary: "Runs a script.", run: runEval, writes: evalWrites,
	},
	{
		Name: "eval_ro", Arity: -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "7.0.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RO access")},
		Whole:   true,
		Summary: "Runs a script that may only read.", run: runEval,
	},
	{
		Name: "evalsha", Arity: -3, Flags: NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "2.6.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RW access update")},
		Whole:   true,
		Summary: "Runs a script by its digest.", run: runEvalSHA, writes: evalWrites,
	},
	{
		Name: "evalsha_ro", Arity: -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "7.0.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RO access")},
		Whole:   true,
		Summary: "Runs a script that may only read, by its digest.", run: runEvalSHA,
	},
	{
		Name: "fcall", Arity: -3, Flags: NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "7.0.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RW access update")},
		Whole:   true,
		Summary: "Calls a function.", run: runFCall, writes: fcallWrites,
	},
	{
		Name: "fcall_ro", Arity: -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Since: "7.0.0", Group: "scripting",
		Keys:    []KeySpec{numbered(2, "RO access")},
		Whole:   true,
		Summary: "Calls a function that may only read.", run: runFCall,
	},
	{
		Name: "function", Arity: -2, Since: "7.0.0", Group: "scripting",
		Summary: "Commands about libraries of functions.",
		Subs: []*Command{
			{
				Name: "delete", Arity: 3, Flags: Write | NoScript, Since: "7.0.0",
				Tips:    "request_policy:all_shards response_policy:all_succeeded",
				Summary: "Removes a library.", run: runFunctionDelete,
			},
			{
				Name: "dump", Arity: 2, Flags: NoScript, Since: "7.0.0",
				Summary: "Returns all libraries as one payload.", run: runFunctionDump,
			},
			{
				Name: "flush", Arity: -2, Flags: Write | NoScript, Since: "7.0.0",
				Tips:    "request_policy:all_shards response_policy:all_succeeded",
				Summary: "Removes all libraries.", run: runFunctionFlush,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "7.0.0",
				Summary: "Lists the subcommands.", run: helpOf(functionHelp),
			},
			{
				Name: "kill", Arity: 2, Flags: NoScript | AllowBusy, Since: "7.0.0",
				Tips:    "request_policy:all_shards response_policy:one_succeeded",
				Summary: "Ends the function that runs.", run: runFunctionKill,
			},
			{
				Name: "list", Arity: -2, Flags: NoScript, Since: "7.0.0",
				Tips:    "nondeterministic_output_order",
				Summary: "Describes the libraries.", run: runFunctionList,
			},
			{
				Name: "load", Arity: -3, Flags: Write | DenyOOM | NoScript, Since: "7.0.0",
				Tips:    "request_policy:all_shards response_policy:all_succeeded",
				Summary: "Makes a library of its source.", run: runFunctionLoad,
			},
			{
				Name: "restore", Arity: -3, Flags: Write | DenyOOM | NoScript, Since: "7.0.0",
				Tips:    "request_policy:all_shards response_policy:all_succeeded",
				Summary: "Makes libraries of a payload.", run: runFunctionRestore,
			},
			{
				Name: "stats", Arity: 2, Flags: NoScript | AllowBusy, Since: "7.0.0",
				Tips:    "nondeterministic_output request_policy:all_shards response_policy:special",
				Summary: "Describes the function that runs, and the engines.", run: runFunctionStats,
			},
		},
	},
	{
		Name: "script", Arity: -2, Since: "2.6.0", Group: "scripting",
		Summary: "Commands about scripts.",
		Subs: []*Command{
			{
				Name: "debug", Arity: 3, Flags: NoScript, Since: "3.2.0",
				Summary: "Turns the debugger of scripts on and off.", run: runScriptDebug,
			},
			{
				Name: "exists", Arity: -3, Flags: NoScript, Since: "2.6.0",
				Tips:    "request_policy:all_shards response_policy:agg_logical_and",
				Summary: "Says of digests whether there are scripts of them.", run: runScriptExists,
			},
			{
				Name: "flush", Arity: -2, Flags: NoScript, Since: "2.6.0",
				Tips:    "request_policy:all_nodes response_policy:all_succeeded",
				Summary: "Forgets all scripts.", run: runScriptFlush,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: helpOf(scriptHelp),
			},
			{
				Name: "kill", Arity: 2, Flags: NoScript | AllowBusy, Since: "2.6.0",
				Tips:    "request_policy:all_shards response_policy:one_succeeded",
				Summary: "Ends the script that runs.", run: runScriptKill,
			},
			{
				Name: "load", Arity: 3, Flags: NoScript | Stale, Since: "2.6.0",
				Tips:    "request_policy:all_nodes response_policy:all_succeeded",
				Summary: "Keeps a script, and returns its digest.", run: runScriptLoad,
			},
		},
	},
}

// script is one of the scripts that EVALSHA finds.
type script struct {
	Script
	flags  ScriptFlags
	silent bool // it says nothing of its flags
}

var (
	errNoEngine  = failed("ERR no script engine is set: the option WithScriptEngine of command.NewServer sets one")
	errNoScript  = failed("NOSCRIPT No matching script. Please use EVAL.")
	errFewerKeys = failed("ERR Number of keys can't be negative")
)

// digestLen is the length of a digest.
const digestLen = 2 * sha1.Size

func digestOfScript(src string) string {
	h := sha1.Sum([]byte(src))
	return hex.EncodeToString(h[:])
}

// find returns the script of a digest.
func (s *scripts) find(digest string) (*script, bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	found, ok := s.by[lower(digest)]
	return found, ok
}

// count returns how many scripts are kept.
func (s *scripts) count() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.by)
}

// script returns the script of a source and its digest. It compiles it, unless it has.
func (srv *Server) script(src string) (*script, string, *Reply) {
	digest := digestOfScript(src)
	if s, ok := srv.scripts.find(digest); ok {
		return s, digest, nil
	}
	s, bad := srv.compile(src)
	if bad != nil {
		return nil, "", bad
	}
	srv.scripts.lock.Lock()
	defer srv.scripts.lock.Unlock()
	if srv.scripts.by == nil {
		srv.scripts.by = map[string]*script{}
	}
	srv.scripts.by[digest] = s
	return s, digest, nil
}

// compile compiles a script (luaCreateFunction in eval.c).
func (srv *Server) compile(src string) (*script, *Reply) {
	if len(srv.engines) == 0 {
		return nil, &errNoEngine
	}
	s, engine, body, bad := srv.header(src)
	if bad != nil {
		return nil, bad
	}
	compiled, err := engine.Compile(body)
	if err != nil {
		r := failedf("ERR Error compiling script (new function): %v", err)
		return nil, &r
	}
	s.Script = compiled
	return s, nil
}

// header reads the first line of a script (evalExtractShebangFlags in eval.c).
func (srv *Server) header(src string) (s *script, engine ScriptEngine, body string, bad *Reply) {
	wrong := func(format string, args ...any) (*script, ScriptEngine, string, *Reply) {
		r := failedf("ERR "+format, args...)
		return nil, nil, "", &r
	}
	line, body, ends := firstLine(src)
	switch {
	case !ends:
		return wrong("Invalid script shebang")
	case len(body) == len(src):
		return &script{silent: true}, srv.engines[0], body, nil
	case len(line) == 0:
		return wrong("Invalid engine in script shebang")
	}
	engine = srv.engine(func(name string) bool { return line[0] == "#!"+lower(name) })
	if engine == nil {
		return wrong("Unexpected engine in script shebang: %s", line[0])
	}
	s = &script{}
	for _, word := range line[1:] {
		list, is := strings.CutPrefix(word, "flags=")
		switch {
		case !is:
			return wrong("Unknown %s shebang option: %s", lower(engine.Name()), word)
		case list == "":
			continue
		}
		for name := range strings.SplitSeq(list, ",") {
			flag, ok := ParseScriptFlag(name)
			if !ok {
				return wrong("Unexpected flag in script shebang: %s", name)
			}
			s.flags |= flag
		}
	}
	return s, engine, body, nil
}

// scriptKeys parses the words after a script: the number of keys, keys and arguments.
func (c *call) scriptKeys(bad *Reply) (keys, args []string, _ *Reply) {
	n, isInt := parseInt(c.args[2])
	switch {
	case !isInt:
		return nil, nil, bad
	case n > int64(len(c.args)-3):
		return nil, nil, &errManyKeys
	case n < 0:
		return nil, nil, &errFewerKeys
	}
	return c.args[3 : 3+n], c.args[3+n:], nil
}

func runEval(c *call) Reply {
	c.showFirst()
	keys, args, bad := c.scriptKeys(&errNotInteger)
	if bad != nil {
		return *bad
	}
	s, digest, bad := c.s.srv.script(c.args[1])
	if bad != nil {
		return *bad
	}
	return c.eval(s, digest, keys, args)
}

func runEvalSHA(c *call) Reply {
	c.showFirst()
	switch {
	case len(c.s.srv.engines) == 0:
		return errNoEngine
	case len(c.args[1]) != digestLen:
		return errNoScript
	}
	keys, args, bad := c.scriptKeys(&errNotInteger)
	if bad != nil {
		return *bad
	}
	s, ok := c.s.srv.scripts.find(c.args[1])
	if !ok {
		return errNoScript
	}
	return c.eval(s, lower(c.args[1]), keys, args)
}

func (c *call) eval(s *script, digest string, keys, args []string) Reply {
	if !s.silent {
		if bad := c.refuses(s.flags); bad != nil {
			return *bad
		}
	}
	return c.runScript(s, &ScriptCall{
		Name: digest, ReadOnly: c.cmd.Flags&ReadOnly != 0 || s.flags&NoWrites != 0, Keys: keys, Args: args,
		anySlot: s.silent || s.flags&AllowCrossSlotKeys != 0,
	})
}

// evalWrites says whether EVAL or EVALSHA of these words may write.
func evalWrites(srv *Server, args []string) bool {
	digest := args[1]
	if same(args[0], "eval") {
		digest = digestOfScript(args[1])
		if line, _, _ := firstLine(args[1]); line != nil {
			s, _, _, bad := srv.header(args[1])
			return bad != nil || s.flags&NoWrites == 0
		}
	}
	s, ok := srv.scripts.find(digest)
	return !ok || s.flags&NoWrites == 0
}

func runScriptLoad(c *call) Reply {
	_, digest, bad := c.s.srv.script(c.args[2])
	if bad != nil {
		return *bad
	}
	return bulk(digest)
}

func runScriptExists(c *call) Reply {
	r := array()
	for _, digest := range c.rest(2) {
		_, ok := c.s.srv.scripts.find(digest)
		r.Elems = append(r.Elems, yesOr(ok, nil))
	}
	return r
}

func runScriptFlush(c *call) Reply {
	if len(c.args) > 3 || len(c.args) == 3 && !c.is(2, "sync") && !c.is(2, "async") {
		return failed("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	}
	c.s.srv.scripts.lock.Lock()
	defer c.s.srv.scripts.lock.Unlock()
	clear(c.s.srv.scripts.by)
	return ok
}

func runScriptKill(c *call) Reply { return c.s.srv.scripts.kill(false) }

func runScriptDebug(c *call) Reply {
	switch lower(cString(c.args[2])) {
	case "no":
		return ok
	case "yes", "sync":
		return failed("ERR there is no debugger of scripts")
	}
	return failed("ERR Use SCRIPT DEBUG YES/SYNC/NO")
}
