// Package conformance checks what package store promises to goroutines that use it at the
// same time, and checks the checks.
//
// A test of a type (TestStrings, TestStreams and so on, in models_test.go and beside it)
// lets a few goroutines do random operations on a few keys, notes when each was called and
// had returned and what it said, and asks porcupine whether some order of the operations
// agrees with both: whether the history is linearizable. What an operation means is
// written down twice, as the call of the store and as a step of a small model. The values
// are short and long, the aggregates small and large, so that they change their form.
//
// TestTransactions does the same with programs of several reads and writes, each run as
// one transaction by whatever can do so: strict serializability. A run of a program that
// came to nothing must have read what was true at one moment, too. TestUpdates adds the
// closures. TestBlocking and TestBlockingStreams have commands that wait beside transactions
// that push or add, in bubbles: who gives up must have seen that there was nothing.
//
// # Clients
//
// The tests of real clients (go-redis, redigo, rueidis, radix; valkey-go in caching_test.go)
// connect them to a store in memory, outside a bubble and in one, and to a redis-server on a
// unix socket, and demand the same of all three; face_test.go has the three sides. No
// goroutine may be left of either end. The methods of redis.Cmdable of go-redis stand in a
// table, redisRows, with arguments: values, errors and the databases afterwards are compared
// with redis-server's. A method that a new version of go-redis brings fails TestCmdable until
// it has a row.
// TestClusterRules and TestClusterClients do the same with the rules of a cluster, beside a
// redis-server that is a cluster of one node, and TestDocumentedClients has the clients that package
// redistest shows.
//
// Who runs clients in a bubble should know two things of them. go-redis has one pool of
// timers for all its clients, which a timer of a bubble must not come out of: there, PoolSize
// should be so large that nobody waits for a connection. And rueidis pings every second, so
// that an hour of the bubble's clock is 3,600 pings.
//
// TestWatermill runs the suite of package pubsub/tests of watermill with watermill-redisstream,
// in its short form; -rounds 2 runs it whole.
//
// TestGoRedisBulk has pipelines of large values; -rounds 20 makes them 10 GiB. TestCrowd has
// many clients at once that close and vanish; -rounds and -seed are as below.
//
// # Random commands
//
// TestFuzz sends random commands of several clients, all rows of the table of package command
// and all their options, to a store in memory and to a redis-server, and compares every reply,
// to the byte. fuzzgrammar_test.go says what commands take, fuzzscene_test.go what several
// clients do together, fuzzcanon_test.go what can't be compared, and fuzztable_test.go which
// rows no run can meet with success. What differs is made small, and printed as a script.
// TestFuzzFinds puts differences there and demands that they are found.
//
//	go test -run 'TestFuzz$' -commands 1000000 -seed 7 -v
//
// # Longer runs
//
// The usual run is short. From this directory,
//
//	go test -run 'TestStrings|TestTransactions' -rounds 100 -timeout 1h
//	go test -race -short -count 20
//
// check a hundred times as many histories, or everything but the mutants again and again.
// A failure prints its seed, which -seed takes. It repeats the operations; how they
// interleave is up to the scheduler, so it may take many rounds to fail once more. With
// -artifacts, the history is kept as an HTML page, too.
//
// # Mutants
//
// A test that passes shows little unless it fails when what it guards is broken.
// testdata/mutants has small patches that break one mechanism each, and TestMutants
// demands that the test which a patch names fails with the patch and passes without it.
// A patch is a unified diff of files of the root module. Before it come what it breaks, in
// words, and two lines:
//
//	Package: ./store
//	Test: TestBatchIsAtomic
//
// or, where the test is one of these,
//
//	Package: ./store/conformance
//	Test: TestKeys
//
// and, if need be, a line of further flags of the test's binary, such as
//
//	Flags: -stuck=2s -test.timeout=10s
//
// A build has all mutants: it has every function that one of them changes as it was and as
// that mutant has it, and takes the one that ALCOVE_MUTANT names by its number, none
// without. So a mutant may change bodies of functions only, and four builds are enough.
//
// To add one, break the code, run the tests, see one fail each time, and write the diff:
//
//	git diff -U2 >store/conformance/testdata/mutants/name.patch
//
// then put the header before it, undo the change, and run
//
//	go test -run TestMutants/name -kills 20
//
// which wants the test to fail twenty times in a row. The lines that a hunk removes and
// keeps must occur in the file exactly once; its line numbers don't matter. When the code
// has moved on and a patch no longer applies, TestMutants fails: write it anew.
package conformance
