package redistest

import (
	"context"
	"errors"

	"github.com/alcovedb/alcove/store/command"
)

// Do runs a command on database 0, as a client of its own, and returns its reply. An error reply
// is returned as an error, too, a [*command.ReplyError]; when ctx has ended, the error is that of
// ctx. Do is for what the typed API does not have, such as CONFIG SET. [Redis.Commands] does not
// list it.
func (r *Redis) Do(ctx context.Context, words ...string) (command.Reply, error) {
	switch {
	case r.ended.Load():
		return command.Reply{}, r.over()
	case len(words) == 0:
		return command.Reply{}, errNoWords
	case ctx.Err() != nil:
		return command.Reply{}, ctx.Err()
	}
	if err := r.unreachable(); err != nil {
		return command.Reply{}, err
	}
	s := r.server.Commands().NewSession(nil)
	defer s.Close()
	reply := s.Do(ctx, words)
	switch {
	case reply.Kind == command.Error:
		return reply, &command.ReplyError{Text: reply.Str}
	case reply.Kind == command.None && r.ended.Load(): // it waited until the end
		return reply, r.over()
	case (reply.Kind == command.Null || reply.Kind == command.NullArray) && waits(words):
		return reply, ctx.Err()
	}
	return reply, nil
}

var errNoWords = errors.New("redistest: a command without words")

// waits says whether a command may wait, and so end without a result because its context did.
func waits(words []string) bool {
	cmd := command.Lookup(words)
	return cmd != nil && cmd.Flags&command.Blocking != 0
}

// Clients describes the clients that are connected, in the lines of CLIENT LIST.
func (r *Redis) Clients() []string { return r.server.Commands().Clients() }
