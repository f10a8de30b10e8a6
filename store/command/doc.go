// Package command is Redis's command language over package store: what a redis-server does
// with the words of a command, without a network.
//
// # Words
//
// [Do] is for a caller who has words, and neither types nor clients:
//
//	reply, err := command.Do(ctx, s.DB(0), "SET", "greeting", "hello", "EX", "10")
//
// The database may be that of a transaction or of a snapshot. An error reply is an error, too:
// a [ReplyError]. Where a method of package store does the same, it is faster and safer.
//
// # Clients
//
// A [Server] is what all clients of a store share: users, configuration, the slow log,
// statistics. A [Session] is one client, with its database, its transaction, its user and its
// subscriptions; [Session.Do] runs a command and returns its [Reply], and what comes out of
// turn, such as the messages of a channel and invalidations, goes to the [Sink] that
// [Server.NewSession] was given. A session costs no goroutine until it subscribes. Package resp
// makes sessions of connections, for clients such as go-redis.
//
// Commands of sessions, of Do and methods of the store may be mixed as one likes: they see
// the same data, wait for each other's changes and get each other's messages.
//
// # For those who carry sessions
//
// A server of connections, such as package resp, needs more of a session than Do; nobody else
// does:
//
//   - [Session.Carry] names its [Carrier], the connection, which is told what concerns it, and
//     [Session.SetAddrs] the addresses that CLIENT LIST shows.
//   - [Session.DoNext] is Do for commands that have come together, and [Session.Refuse] is the
//     answer to one that is not run, or is none. [Server.MaxBulk] says how long its words may
//     be; a client that [Session.NeedsAuth] is for has to be content with less.
//   - [Session.Sent] says that the reply has left, behind which comes what it must not meet;
//     DoNext says it of the reply before.
//   - [Session.HangUp] says that the client sends nothing more. [Session.Ended] and
//     [Session.Done] say that the session has come to its end, and [Session.Sleep] waits no
//     longer than that.
//
// # What is Redis's
//
// Replies, their types in RESP2 and RESP3, the texts of errors and the order in which mistakes
// are found are those of Redis 7.0.15; the tests ask a redis-server the same questions, where
// there is one. Newer commands and options that package store has are there, too. COMMANDS.md
// beside this package lists all commands, those that are absent, and what differs on purpose,
// each with the reason. Everything comes from one table, of which [Commands] returns the rows:
// COMMAND with its subcommands, ACL's categories, the keys that a transaction holds.
//
//   - MULTI is queued, and EXEC runs as a transaction of the store that holds the keys of all
//     its commands: nobody sees half of it. As in Redis, a command that fails there is no
//     rollback; for one, see store.Store.Update.
//   - A command that waits, such as BLPOP, ends with its time, with the context of
//     [Session.Do], by CLIENT UNBLOCK and with the session. Times are those of the store's
//     clock, and so of a bubble of testing/synctest that the store was made in.
//   - Scripts and functions are run by a [ScriptEngine], which a server is given by
//     [WithScriptEngine]; without one, EVAL and its like say so. A script is a transaction that
//     holds the store: its commands may touch any key, other clients wait, and are told BUSY
//     after busy-reply-threshold, typed callers who write wait until it ends.
//   - What there is no network and no disk for answers with an error that says it, such as
//     MIGRATE, or as a redis-server that is alone: CLUSTER, WAIT, CONFIG REWRITE. With
//     [WithClusterRules] it answers as the only node of a cluster.
package command
