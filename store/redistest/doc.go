// Package redistest gives a test a Redis of its own: in memory and without a network, with all the
// commands of package command.
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
// Nothing listens, so there is no address to connect to: clients are given [Redis.Dialer], and
// whatever they dial, they get r. go-redis:
//
//	client := redis.NewClient(&redis.Options{
//		Addr: "127.0.0.1:6379", Dialer: r.Dialer(), PoolSize: 100,
//	})
//
// In a bubble of testing/synctest, go-redis needs both of these options. The address has to be an
// IP: go-redis looks up host names, that of its default address, too, and a lookup in a bubble may
// end the program. And the pool needs as many connections as there are goroutines
// that use it: whoever waits for a connection takes a timer from a pool that all clients of the
// program share, and a bubble's timers must not get there.
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
// The clock of a Redis runs, and keys expire. There are three ways not to wait for it:
//
//   - In a bubble of testing/synctest, time.Sleep takes no time, and every time to live and every
//     timeout is exact. Make the Redis and its clients in the bubble. Only this way covers the
//     timers of the code under test, too.
//   - [Redis.Advance] moves the clock ahead, in a bubble or not. When it returns, what is overdue
//     has expired, in the order of the deadlines, and waits that are over have ended. Timers of
//     other code do not move. A client that is to wait has to be waiting already: in a bubble,
//     call synctest.Wait first.
//   - [WithTime] makes the clock stand still, and only Advance moves it. It is for what has to be
//     the same in every run, such as the IDs of streams.
//
// # Scripts
//
// EVAL, EVALSHA, FCALL and FUNCTION need a [command.ScriptEngine]. There is none for Lua yet. For
// the few scripts of one program, an engine with a Go function for each is short: see the example
// of [command.WithScriptEngine]. [WithCommands] takes it.
//
// # Common fixtures
//
// A test with many cases prepares one Redis and gives each case a [Redis.Fork], which costs next
// to nothing; cases may run in parallel. A Redis made [WithTime] can be forked into bubbles.
//
// # The end
//
// A Redis ends with its test, by t.Cleanup. Deferred calls, and functions given to t.Cleanup after
// [Run], run before that: close clients there. A client that is still connected is disconnected,
// and the test's log says so; with [WithLeakCheck] it is an error.
//
// A bubble ends with "deadlock: main bubble goroutine has exited but blocked goroutines remain" if
// a client is left whose goroutines go on without a connection: a subscription of go-redis, or
// connections of radix. Connections of redigo, and idle ones of go-redis and rueidis, end with the
// Redis. Goroutines that sleep for a moment after Close, such as those of go-redis's ClusterClient,
// have ten seconds of the bubble's time to end.
//
// # Coming from miniredis
//
// MINIREDIS.md, beside this package, says what there is for each of miniredis's calls.
package redistest
