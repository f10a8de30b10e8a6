// Package bench measures Alcove beside other ways of keeping keys in a process.
// It is all benchmarks, so that benchstat can compare them:
//
//	go test -bench 'Get|Hot|Set|Mix|Insert|Incr' -cpu 1,2 ./bench
//	go test -bench 'Memory|Growth|New|Expire|Scan' -timeout 1h ./bench
//	benchstat -col /peer -filter .unit:cpu-ns/op bench.txt
//
// The peers are "sharded", 256 maps with a RWMutex each, which keeps the strings
// that it is given, "copying", the same but with copies of them, "syncmap",
// "xsync" and, where one goroutine runs, a built-in map. The names of the
// benchmarks end in peer=NAME.
//
// ALCOVE_BENCH_KEYS is how many keys the benchmarks of memory (5,000,000) and
// growth (10,000,000) take, ALCOVE_BENCH_SPREAD the time over which 100,000 keys a
// second expire (1s). With -short there are less.
package bench
