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
	// Run runs the script and returns its reply. Where it panics, nothing of what the script has
	// written stays, and the panic goes on. Several goroutines may do so, each with a
	// call of its own; one at a time for each store, as a script holds it whole. Run ends
	// soon after c.Context does, whatever the script would do about that.
	//
	// What Run says of errors is the engine's work. Redis ends an error that nobody has
	// caught with where it was: " script: NAME, on @user_script:1.", with c.Name, and for
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

// Why the context of a script has ended. They are replies as they stand, to which an engine
// may add where the script was.
var (
	// ErrScriptKilled is the cause after SCRIPT KILL and FUNCTION KILL.
	ErrScriptKilled = &ReplyError{Text: "ERR Script killed by user with SCRIPT KILL..."}
	// ErrLoadTimeout is the cause when a library takes longer to load than half a second.
	ErrLoadTimeout = &ReplyError{Text: "ERR FUNCTION LOAD timeout"}
)

// ScriptCall is one run of a script. Its methods are for the goroutine that Run was called on,
// until Run returns.
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

// Context ends when the script has to, with the reason as its cause: [ErrScriptKilled], or that
// the server was closed, or the context of [Session.Do] has ended. In the latter cases nothing
// of what the script has written stays. It does not end when the client goes.
func (s *ScriptCall) Context() context.Context { return s.ctx }

// SetProtocol sets the version of the protocol whose types the replies of Call have, 2 or 3,
// and says whether there is that version. It is 2 at first.
func (s *ScriptCall) SetProtocol(version int) bool {
	if version != 2 && version != 3 {
		return false
	}
	s.proto = version
	return true
}

// Call runs a command of the script, of which args are the words, and returns its reply, which
// may be an error, also for a command that a script may not run. It sees what the script has
// written, and nobody else sees that before the script ends. It may touch any key. Once the
// context has ended, every reply is an error that says why.
func (s *ScriptCall) Call(args []string) Reply {
	r := s.do(args)
	if s.proto == 2 {
		return r.RESP2()
	}
	return r
}

// Allowed says whether the user that runs the script may run a command, and whether there is
// such a command.
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

// WithScriptEngine sets what runs scripts and functions. Given several times, each engine has
// the sources whose first line names it, and the first one those that name none.
func WithScriptEngine(e ScriptEngine) Option {
	return func(srv *Server) {
		if e != nil {
			srv.engines = append(srv.engines, e)
		}
	}
}

// WithLogger sets where scripts log to. Without it, nowhere.
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
