package redistest

import (
	"github.com/alcovedb/alcove/store/internal/hook"
	"github.com/alcovedb/alcove/store/resp"
)

// Fault says what is to go wrong, and for which commands: see [resp.Fault].
type Fault = resp.Fault

// Fail makes f happen to the commands that it matches, from now on:
//
//	r.Fail(redistest.Fault{Error: "LOADING Redis is loading the dataset in memory"})    // to all
//	r.Fail(redistest.Fault{Command: "get", Key: "user:*", Delay: time.Second, Times: 3}) // slowly
//	lost := r.Fail(redistest.Fault{Command: "incr", Close: true, Late: true}) // counts, and hangs up
//	...
//	lost.Remove()
//
// The Injection counts the commands that were hit, and its Remove ends the fault.
func (r *Redis) Fail(f Fault) *resp.Injection {
	r.t.Helper()
	r.usable()
	return r.server.Inject(f)
}

// Disconnect closes the connections of all clients, as a restart does. Clients may connect again.
func (r *Redis) Disconnect() { r.server.Commands().Disconnect() }

// Seed makes random choices the same in each run, from now on: what SPOP, SRANDMEMBER,
// HRANDFIELD, ZRANDMEMBER and RANDOMKEY choose, here and in forks, is the same for the same data
// and the same commands in the same order. They are slower then: they sort. Where Redis promises
// no order, as for SMEMBERS and SCAN, there is none.
func (r *Redis) Seed(n uint64) { hook.Seed(r.store, n) }
