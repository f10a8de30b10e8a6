package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
)

// tinyLua is a ScriptEngine for tests: as much of Lua as says what scripts are to do here, so
// that a real Redis can be given the same. A statement is a line, or ends with a semicolon.
type tinyLua struct{}

func (tinyLua) Name() string { return "LUA" }

// statement is one of these:
//
//	[return] redis.call('GET', KEYS[1], ARGV[1])     and pcall and acl_check_cmd
//	redis.setresp(3)
//	redis.log(redis.LOG_WARNING, 'text')
//	return 7          return 'text'       return KEYS      error('text')
//	while true do end, which may have a call in it
type statement struct {
	line    int
	what    string
	returns bool
	loops   bool
	args    []string // as they stand
}

var (
	tinyStatement = regexp.MustCompile(`^(while true do )?(return ?)?(?:redis\.(\w+)|(error)|())\((.*?)\)( end)?$`)
	tinyReturn    = regexp.MustCompile(`^return (\d+|'[^']*'|KEYS|ARGV|)$`)
	tinyArg       = regexp.MustCompile(`'[^']*'|(?:KEYS|ARGV|keys|args)\[\d+\]|\d+|redis\.\w+`)
	tinyFunction  = regexp.MustCompile(`^redis\.register_function\('([^']*)', function\(keys, args\) (.*) end\)$`)
	tinyNamed     = regexp.MustCompile(`^redis\.register_function\{function_name='([^']*)', callback=function\(keys, args\) (.*?) end` +
		`(?:, flags=\{([^}]*)\})?(?:, description='([^']*)')?\}$`)
)

func parseTiny(line int, text string) (list []statement, err error) {
	for part := range strings.SplitSeq(text, ";") {
		switch part = strings.TrimSpace(part); {
		case part == "" || strings.HasPrefix(part, "--"):
		case part == "while true do end":
			list = append(list, statement{line: line, what: "nothing", loops: true})
		case tinyReturn.MatchString(part):
			list = append(list, statement{line: line, what: "value", returns: true, args: []string{tinyReturn.FindStringSubmatch(part)[1]}})
		default:
			m := tinyStatement.FindStringSubmatch(part)
			if m == nil {
				return nil, fmt.Errorf("user_script:%d: not in this Lua: %s", line, part)
			}
			list = append(list, statement{
				line: line, what: m[3] + m[4], loops: m[1] != "", returns: m[2] != "", args: tinyArg.FindAllString(m[6], -1),
			})
		}
	}
	return list, nil
}

func (tinyLua) Compile(src string) (Script, error) {
	var script tinyScript
	for i, line := range strings.Split(src, "\n") {
		list, err := parseTiny(i+1, line)
		if err != nil {
			return nil, err
		}
		script = append(script, list...)
	}
	return script, nil
}

func (tinyLua) Load(ctx context.Context, src string, register func(Function) error) error {
	for i, line := range strings.Split(src, "\n") {
		var f Function
		m := tinyNamed.FindStringSubmatch(line)
		switch simple := tinyFunction.FindStringSubmatch(line); {
		case line == "" || strings.HasPrefix(line, "--"):
			continue
		case line == "while true do end":
			<-ctx.Done()
			var r *ReplyError
			if errors.As(context.Cause(ctx), &r) {
				return errors.New("Error registering functions: " + r.Text)
			}
			return context.Cause(ctx)
		case simple != nil:
			m = append(simple, "", "")
		case m == nil:
			return fmt.Errorf("Error compiling function: user_function:%d: not in this Lua", i+1)
		}
		list, err := parseTiny(i+1, m[2])
		if err != nil {
			return err
		}
		f.Name, f.Script = m[1], tinyScript(list)
		for _, name := range tinyArg.FindAllString(m[3], -1) {
			flag, ok := ParseScriptFlag(strings.Trim(name, "'"))
			if !ok {
				return errors.New("Error registering functions: ERR unknown flag given")
			}
			f.Flags |= flag
		}
		if m[4] != "" {
			f.Description = &m[4]
		}
		if err := register(f); err != nil {
			return fmt.Errorf("Error registering functions: ERR %w", err)
		}
	}
	return nil
}

type tinyScript []statement

func (s tinyScript) Run(c *ScriptCall) Reply {
	place := "script"
	if c.Function {
		place = "function"
	}
	for i := range s {
		st := &s[i]
		r := st.run(c)
		for st.loops && c.Context().Err() == nil {
			if st.what == "nothing" {
				<-c.Context().Done()
			} else {
				r = st.run(c)
			}
		}
		if cause := context.Cause(c.Context()); cause != nil {
			r, st = failed("ERR "+cause.Error()), &statement{what: "error", line: st.line}
			if killed := new(ReplyError); errors.As(cause, &killed) {
				r = failed(killed.Text)
			}
		}
		if r.Kind == Error && st.what != "pcall" {
			return failedf("%s script: %s, on @user_%s:%d.", r.Str, c.Name, place, st.line)
		}
		if st.returns {
			return r
		}
	}
	return null
}

// run runs a statement once.
func (st *statement) run(c *ScriptCall) Reply {
	var args []string
	for _, a := range st.args {
		args = append(args, valueOf(c, a))
	}
	if need := map[string]int{"setresp": 1, "log": 2, "error": 1}[st.what]; len(args) < need {
		return failed("ERR wrong number of arguments")
	}
	switch st.what {
	case "call", "pcall":
		return withoutNullArrays(c.Call(args))
	case "acl_check_cmd":
		may, known := c.Allowed(args)
		switch {
		case !known:
			return failed("ERR Invalid command passed to redis.acl_check_cmd()")
		case may:
			return integer(1)
		}
		return null
	case "setresp":
		n, _ := strconv.Atoi(args[0])
		if !c.SetProtocol(n) {
			return failed("ERR RESP version must be 2 or 3.")
		}
	case "log":
		c.Log(map[string]slog.Level{
			"redis.LOG_DEBUG": slog.LevelDebug, "redis.LOG_VERBOSE": LevelVerbose,
			"redis.LOG_NOTICE": LevelNotice, "redis.LOG_WARNING": slog.LevelWarn,
		}[args[0]], args[1])
	case "error":
		place := cmp.Or(map[bool]string{true: "user_function"}[c.Function], "user_script")
		return failedf("ERR %s:%d: %s", place, st.line, args[0])
	case "value":
		return tinyValue(c, st.args[0])
	}
	return null
}

func tinyValue(c *ScriptCall, text string) Reply {
	switch {
	case text == "KEYS":
		return texts(c.Keys)
	case text == "ARGV":
		return texts(c.Args)
	case text == "":
		return null
	case text[0] == '\'':
		return bulk(valueOf(c, text))
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return integer(n)
}

// valueOf is what an argument stands for.
func valueOf(c *ScriptCall, a string) string {
	list := c.Keys
	switch {
	case strings.HasPrefix(a, "'"):
		return strings.Trim(a, "'")
	case strings.HasPrefix(a, "ARGV[") || strings.HasPrefix(a, "args["):
		list = c.Args
	case !strings.HasPrefix(a, "KEYS[") && !strings.HasPrefix(a, "keys["):
		return a
	}
	if i, _ := strconv.Atoi(a[5 : len(a)-1]); i >= 1 && i <= len(list) {
		return list[i-1]
	}
	return ""
}

// withoutNullArrays has null in their place, as a value of Lua comes back.
func withoutNullArrays(r Reply) Reply {
	if r.Kind == NullArray {
		return null
	}
	elems := make([]Reply, len(r.Elems))
	for i := range elems {
		elems[i] = withoutNullArrays(r.Elems[i])
	}
	if r.Elems = elems; len(elems) == 0 {
		r.Elems = nil
	}
	return r
}
