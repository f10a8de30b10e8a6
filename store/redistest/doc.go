// Package redistest is a Redis for tests: in memory, without a network, of one test alone, with
// all that package store has.
//
//	func TestLogin(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			r := redistest.Run(t)
//			client := redis.NewClient(&redis.Options{
//				Addr: "127.0.0.1:6379", Dialer: r.Dialer(), PoolSize: 100,
//			})
//			defer client.Close()
//
//			Login(client, "anna")
//			r.Equal(t, redistest.Data{
//				"session:anna": redistest.Expires(redistest.Hash{"user": "anna"}, time.Hour),
//				"online":       redistest.Set{"anna"},
//			})
//
//			time.Sleep(time.Hour) // takes no time in a bubble
//			r.Equal(t, redistest.Data{"online": redistest.Set{"anna"}})
//		})
//	}
//
// A failure shows what differs, and what there is:
//
//	redistest: database 0 is not as expected (- expected, + there):
//	- session:anna is not there
//	+ session:anna hash "user": "anna"
//
//	There is:
//	online set "anna"
//	session:anna hash (ttl 1h0m0s) "user": "anna"
//
// # Clients
//
// Nothing listens, so there is no address: clients are given [Redis.Dialer]. Whatever they dial,
// they get r. go-redis:
//
//	client := redis.NewClient(&redis.Options{
//		Addr: "127.0.0.1:6379", Dialer: r.Dialer(), PoolSize: 100,
//	})
//
// It looks up a name, that of its default address, too, which ends the program in the second bubble
// that does so, if not in the first: it wants an IP. And all its clients share a pool of timers,
// which those of a bubble must not come into: with as many connections as a test has goroutines,
// nobody waits for one with a timer.
//
// redigo:
//
//	conn, err := redis.Dial("tcp", "127.0.0.1:6379", redis.DialContextFunc(r.Dialer()))
//
// rueidis:
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{
//		InitAddress: []string{"127.0.0.1:6379"},
//		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
//			return r.Dialer()(ctx, "tcp", addr)
//		},
//	})
//
// radix:
//
//	conn, err := radix.Dialer{NetDialer: r.Dialer()}.Dial(ctx, "tcp", "127.0.0.1:6379")
//
// Clients for clusters work with [WithClusterRules], which also refuses what a cluster would:
//
//	client := redis.NewClusterClient(&redis.ClusterOptions{
//		Addrs: []string{"127.0.0.1:6379"}, Dialer: r.Dialer(), PoolSize: 100,
//	})
//
// # Time
//
// The clock of a Redis goes on by itself: keys expire. There are three ways not to wait for it.
//
//   - In a bubble of testing/synctest, time.Sleep takes no time, and every time to live and timeout
//     is exact. Make the Redis and its clients in the bubble. This is the way that also has the
//     timers of the code under test.
//   - [Redis.Advance] takes the clock ahead, in a bubble or not: what is overdue has expired when it
//     returns, in the order of the deadlines, and waits are over. Timers of others don't move. A
//     client that is to wait must do so already: in a bubble, see synctest.Wait.
//   - [WithTime] makes the clock stand at a time, from where only Advance moves it, for what is to
//     be the same in every run, such as the IDs of streams.
//
// # Scripts
//
// EVAL, EVALSHA, FCALL and FUNCTION need a [command.ScriptEngine], and there is none for Lua yet: one
// in Go, made for the test's own scripts, goes to [WithCommands].
//
// # Common fixtures
//
// A test that has many cases prepares one Redis, and gives each case a [Redis.Fork], which costs next
// to nothing; cases may run in parallel. Into bubbles go forks of one that was made [WithTime].
//
// # The end
//
// A Redis ends with its test, by t.Cleanup. Functions that were given to t.Cleanup after [Run], and
// defer, come before that: close clients there. What is left open is closed, and noted in the log of
// the test; with [WithLeakCheck] it is an error. In a bubble a client must be closed that has
// goroutines which go on without a connection: a subscription of go-redis and radix's connections
// are "deadlock: main bubble goroutine has exited but blocked goroutines remain". Connections of
// redigo, idle ones of go-redis and rueidis end with the Redis. Goroutines that sleep for a moment after Close, such as
// those of go-redis's ClusterClient, have ten seconds of the bubble's time.
//
// Who comes from miniredis finds in MINIREDIS.md, beside this package, what there is for each of its
// calls.
package redistest
