package redistest

import (
	"github.com/alcovedb/alcove/store/internal/hook"
	"github.com/alcovedb/alcove/store/resp"
)

// Fault is trouble that a Redis makes on purpose: see [resp.Fault].
type Fault = resp.Fault

// Fail has a fault happen to the commands that it matches from now on:
//
//	r.Fail(redistest.Fault{Error: "LOADING Redis is loading the dataset in memory"})    // to all
//	r.Fail(redistest.Fault{Command: "get", Key: "user:*", Delay: time.Second, Times: 3}) // slowly
//	lost := r.Fail(redistest.Fault{Command: "incr", Close: true, Late: true}) // counts, and hangs up
//	...
//	lost.Remove()
//
// What it returns counts the commands that were hit, and ends it. See [resp.Fault] for all there
// is.
func (r *Redis) Fail(f Fault) *resp.Injection {
	r.t.Helper()
	r.usable()
	return r.server.Inject(f)
}

// Disconnect closes the connections of all clients, as a Redis does that is started anew. Clients
// may connect again.
func (r *Redis) Disconnect() { r.server.Commands().Disconnect() }

// Seed makes what is random the same each time from now on: what SPOP, SRANDMEMBER, HRANDFIELD,
// ZRANDMEMBER and RANDOMKEY choose, here and in forks, of the same data with the same commands in
// the same order. They take as long as sorting does then. The order of what Redis gives no order,
// such as that of SMEMBERS and SCAN, stays any.
func (r *Redis) Seed(n uint64) { hook.Seed(r.store, n) }
