package resp

import "github.com/alcovedb/alcove/store/command"

// Option sets something of a new server.
type Option func(*options)

type options struct {
	commands []command.Option
	faults   []Fault
	heard    func(s *command.Session, args []string)
}

// WithCommands sets options of the [command.Server] that runs the commands, such as
// [command.WithScriptEngine].
func WithCommands(opts ...command.Option) Option {
	return func(o *options) { o.commands = append(o.commands, opts...) }
}

// WithFaults injects faults from the start: see [Server.Inject].
func WithFaults(faults ...Fault) Option {
	return func(o *options) { o.faults = append(o.faults, faults...) }
}

// WithObserver has f called with every command that a client sends, before it is run: also with
// those that are queued in a transaction, refused, or hit by a fault. The calls for one session
// come from one goroutine, in the order of its commands. f may keep the strings, but not the
// slice, and of the session it may call DB, ID and Name alone.
func WithObserver(f func(s *command.Session, args []string)) Option {
	return func(o *options) { o.heard = f }
}
