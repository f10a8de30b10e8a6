package resp

import "github.com/alcovedb/alcove/store/command"

// Option sets something of a new server.
type Option func(*options)

type options struct {
	commands []command.Option
	faults   []Fault
	heard    func(s *command.Session, args []string)
}

// WithCommands sets options of what runs the commands, such as a script engine.
func WithCommands(opts ...command.Option) Option {
	return func(o *options) { o.commands = append(o.commands, opts...) }
}

// WithFaults injects faults from the start: see [Server.Inject].
func WithFaults(faults ...Fault) Option {
	return func(o *options) { o.faults = append(o.faults, faults...) }
}

// WithObserver has f hear of every command that a client sends, those of a transaction and those
// that are refused or meet a fault, too, before it is run. The calls for one session come from
// one goroutine, in the order of its commands. f may keep the strings, not the slice, and must
// not call methods of the session but those that read: DB, ID and Name.
func WithObserver(f func(s *command.Session, args []string)) Option {
	return func(o *options) { o.heard = f }
}
