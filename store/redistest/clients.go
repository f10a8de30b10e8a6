package redistest

import (
	"context"

	"github.com/alcovedb/alcove/store/command"
)

// Do runs a command as a client of its own and returns the reply, which is an error, too, if it is
// an error reply. It is for what the typed API does not have, such as CONFIG SET; it is not among
// the [Redis.Commands].
func (r *Redis) Do(ctx context.Context, words ...string) (command.Reply, error) {
	if r.ended.Load() {
		return command.Reply{}, r.over()
	}
	if err := r.strange(); err != nil {
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
	}
	return reply, nil
}

// Clients describes the clients that are connected, as CLIENT LIST does, a line each.
func (r *Redis) Clients() []string { return r.server.Commands().Clients() }
