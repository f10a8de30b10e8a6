// Package command implements Redis's command language over package store: it does what a
// redis-server does with the words of a command, without a network.
//
// # Words
//
// [Do] is for a caller who has a command in words, and needs neither types nor a client:
//
//	reply, err := command.Do(ctx, s.DB(0), "SET", "greeting", "hello", "EX", "10")
//
// The database may be that of a transaction or of a snapshot. An error reply is returned as an
// error, too: a [*ReplyError]. Where package store has a method for it, the method is faster and
// safer.
//
// # Clients
//
// A [Server] is what all clients of a store share: users, configuration, the slow log,
// statistics. A [Session] is one client, with its database, its transaction, its user and its
// subscriptions. [Session.Do] runs a command and returns its [Reply]. What a client gets without
// asking, such as messages of channels and invalidations, goes to the [Sink] that was given to
// [Server.NewSession]. A session has no goroutine until it subscribes. Package resp makes a
// session of each connection, for clients such as go-redis.
//
// Sessions, Do and the methods of the store may be used side by side: they see the same data,
// wait for each other's changes and get each other's messages.
//
// # What is Redis's
//
// Replies, their types in RESP2 and RESP3, the texts of errors and the order in which mistakes
// are found are those of Redis 7.0.15; where there is a redis-server, the tests ask it the same
// questions. Newer commands and options are there if package store has them. COMMANDS.md, beside
// this package, lists all commands, those that are missing, and what differs on purpose, with the
// reasons. Everything about a command comes from one table, whose rows [Commands] returns: COMMAND
// and its subcommands, the categories of ACLs, the keys that a transaction holds.
//
//   - MULTI queues commands, and EXEC runs them as a transaction of the store that holds all of
//     their keys: nobody sees half of it. As in Redis, a command that fails does not undo the
//     others; for that, see [store.Store.Update].
//   - A command that waits, such as BLPOP, ends with its timeout, with the context given to
//     [Session.Do], by CLIENT UNBLOCK, and with the session. Time is that of the store's clock,
//     and so, for a store made in a bubble of testing/synctest, that of the bubble.
//   - Scripts and functions are run by a [ScriptEngine], which [WithScriptEngine] sets. Without
//     one, EVAL and the like reply with an error that says so. A script is a transaction that
//     holds the whole store: its commands may touch any key. Meanwhile other clients wait, and are
//     told BUSY after busy-reply-threshold; writes of the typed API wait until it ends.
//   - What would need a network or a disk, such as MIGRATE, replies with an error that says so, or
//     as a redis-server that is alone does: CLUSTER, WAIT, CONFIG REWRITE. With
//     [WithClusterRules] a server replies as the only node of a cluster.
//
// # Serving connections
//
// Some methods of a Session are only for packages that serve connections, as resp does:
//
//   - [Session.Carry] sets the [Carrier], the connection that the session acts on, and
//     [Session.SetAddrs] the addresses that CLIENT LIST shows.
//   - [Session.DoNext] is Do for a command of a pipeline. [Session.Refuse] returns the reply to
//     a command that is not run. [Server.MaxBulk] is the longest argument that a client may send;
//     while [Session.NeedsAuth], less is allowed.
//   - [Session.Sent] says that a reply has been written: what must not come before it follows.
//   - [Session.HangUp] says that the client sends nothing more. [Session.Ended] and
//     [Session.Done] tell when the session has ended, and [Session.Sleep] waits no longer than
//     that.
package command
