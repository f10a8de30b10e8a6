package command

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/words"
)

// ScriptEngine runs the scripts of EVAL and the functions of FCALL, in one language. It
// compiles sources, and runs what it has compiled; the rest is the work of this package: the
// cache of scripts, the first lines of sources, libraries with their names, flags, payloads
// and listings, what a script may do, SCRIPT KILL, and BUSY for all others meanwhile.
//
// All methods may be called by any number of goroutines.
type ScriptEngine interface {
	// Name is the name of the engine, as FUNCTION LIST shows it: "LUA" for Lua. The first
	// line of a library may have it in any case, that of a script in lower case.
	Name() string

	// Compile returns the script of a source. A first line that begins with #! has been
	// taken out of src, but for its end, so that lines have their numbers. An error comes to
	// the client behind "ERR Error compiling script (new function): ".
	Compile(src string) (Script, error)

	// Load runs the source of a library, with its first line taken out as for Compile, and
	// calls register for each of its functions. What register returns is what is wrong with a
	// name, for the source to see. An error of Load comes to the client behind "ERR ", and
	// nothing of the library stays. When ctx ends, Load does soon after: its cause is then
	// [ErrLoadTimeout], or that the client does not wait any more.
	Load(ctx context.Context, src string, register func(Function) error) error
}

// Script is something compiled: a script, or a function of a library.
type Script interface {
	// Run runs the script and returns its reply. It may be called by several goroutines at once,
	// each with a call of its own, but for one store only by one at a time, as a script holds all
	// of it. It returns soon after c.Context has ended, whatever the script does. If it panics,
	// nothing that the script has written stays, and the panic goes on.
	//
	// How errors are worded is up to the engine. To an error that the script has not caught,
	// Redis adds where it was: " script: NAME, on @user_script:1.", with c.Name, and for
	// functions @user_function.
	Run(c *ScriptCall) Reply
}

// Function is a function that a library has registered.
type Function struct {
	Name        string
	Description *string // nil if it has none
	Flags       ScriptFlags
	Script      Script
}

// ScriptFlags are what a script, in its first line, or a function says of itself.
type ScriptFlags uint8

// The flags of scripts.
const (
	NoWrites           ScriptFlags = 1 << iota // it may not write
	AllowOOM                                   // it may run when memory is short, which it never is here
	AllowStale                                 // it may run on a replica without its master, which this is none
	NoCluster                                  // it may not run in a cluster: see WithClusterRules
	AllowCrossSlotKeys                         // its keys may be of several slots in a cluster
)

var scriptFlagNames = []string{"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"}

// ParseScriptFlag returns the flag of a name, such as no-writes, and whether there is one.
func ParseScriptFlag(name string) (ScriptFlags, bool) {
	i := slices.Index(scriptFlagNames, name)
	return 1 << max(i, 0), i >= 0
}

// Names returns the names of the flags, in Redis's order.
func (f ScriptFlags) Names() (names []string) {
	for i, name := range scriptFlagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Causes of the end of a script's context. They are error replies, to which an engine may add
// where the script was.
var (
	// ErrScriptKilled is the cause after SCRIPT KILL and FUNCTION KILL.
	ErrScriptKilled = &ReplyError{Text: "ERR Script killed by user with SCRIPT KILL..."}
	// ErrLoadTimeout is the cause when a library takes longer to load than half a second.
	ErrLoadTimeout = &ReplyError{Text: "ERR FUNCTION LOAD timeout"}
)

// ScriptCall is one run of a script. Its methods may only be called by the goroutine that Run was
// called on, until Run returns.
type ScriptCall struct {
	Name     string   // of the function; of a script its digest
	Function bool     // it is one of a library
	ReadOnly bool     // commands that write, or send messages, are errors
	Keys     []string // those that the client has declared
	Args     []string // what the client has given beside them

	ctx context.Context
	c   *call // of EVAL or FCALL
	tx  *store.Tx
	run *scriptRun
	// anySlot is whether its commands may be of several slots, each by itself of one.
	anySlot bool
	// proto is the version of the protocol whose types replies have.
	proto int
}

// Context returns the context of this run. It ends when the script has to end, for the reason
// that is its cause: [ErrScriptKilled], that the server was closed, or that the context of
// [Session.Do] has ended. In the last two cases nothing that the script has written stays. It
// does not end when the client disconnects.
func (s *ScriptCall) Context() context.Context { return s.ctx }

// SetProtocol sets the version of the protocol, 2 or 3, whose types the replies of Call have, and
// reports whether there is that version: redis.setresp. At first it is 2.
func (s *ScriptCall) SetProtocol(version int) bool {
	if version != 2 && version != 3 {
		return false
	}
	s.proto = version
	return true
}

// Call runs a command of the script, of which args are the words, and returns its reply, which
// may be an error: also for a command that a script may not run. The command sees what the script
// has written; nobody else does before the script ends. It may touch any key. Once the context
// has ended, every reply is an error that says why.
func (s *ScriptCall) Call(args []string) Reply {
	r := s.do(args)
	if s.proto == 2 {
		return r.RESP2()
	}
	return r
}

// Allowed reports whether the user who runs the script may run a command, and whether there is
// such a command: redis.acl_check_cmd.
func (s *ScriptCall) Allowed(args []string) (may, known bool) {
	cmd, bad := scriptCommand(args)
	if bad != nil {
		return false, false
	}
	return s.c.s.user.Load().denies(cmd, args).why == allowed, true
}

// Log writes a line to the logger of [WithLogger], if the level is one that CONFIG SET loglevel
// lets pass: the levels that redis.log has are, from LOG_DEBUG on, [slog.LevelDebug],
// [LevelVerbose], [LevelNotice] and [slog.LevelWarn].
func (s *ScriptCall) Log(level slog.Level, text string) {
	srv := s.c.s.srv
	if srv.logger != nil && level >= logLevels[srv.config.get("loglevel")] {
		srv.logger.Log(s.ctx, level, text, "script", s.Name)
	}
}

// The levels of Redis's log that package slog has no name for.
const (
	LevelVerbose = slog.LevelDebug + 2
	LevelNotice  = slog.LevelInfo
)

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "verbose": LevelVerbose, "notice": LevelNotice, "warning": slog.LevelWarn,
}

// WithScriptEngine sets what runs scripts and functions. It may be given several times: each
// engine gets the sources whose first line names it, and the first engine those that name none,
// too.
func WithScriptEngine(e ScriptEngine) Option {
	return func(srv *Server) {
		if e != nil {
			srv.engines = append(srv.engines, e)
		}
	}
}

// WithLogger sets the logger of scripts, for redis.log. Without it, what they log is dropped.
func WithLogger(l *slog.Logger) Option { return func(srv *Server) { srv.logger = l } }

// engine returns the engine of a name that fits, nil if there is none.
func (srv *Server) engine(fits func(name string) bool) ScriptEngine {
	i := slices.IndexFunc(srv.engines, func(e ScriptEngine) bool { return fits(e.Name()) })
	if i < 0 {
		return nil
	}
	return srv.engines[i]
}

// firstLine returns the words of the first line of a source, if that begins with #!, and the
// source without it, but for its end. It returns false if the line does not end. The words are
// none if a quote in them does not.
func firstLine(src string) (line []string, rest string, ok bool) {
	head := cString(src)
	if !strings.HasPrefix(head, "#!") {
		return nil, src, true
	}
	end := strings.IndexByte(head, '\n')
	if end < 0 {
		return nil, src, false
	}
	line, _ = words.Split(head[:end])
	return line, src[end:], true
}
