// Package bench measures Alcove beside other ways to keep data in a process, and beside
// Redis. One command does it all and writes tables and charts to bench/results:
//
//	go run ./bench/cmd/report -short
//
// Package peer has one file for each peer, package workload one for each kind of
// workload. What is timed there can be run as Go benchmarks, too, one peer or operation
// at a time, with profiles and whatever else go test does:
//
//	go test -run '^$' -bench 'Strings/peer=(alcove|xsync)/op=get$' -cpu 1,2 -count 6 ./bench | tee bench.txt
//	benchstat -col /peer bench.txt
//
// Clients of Redis are measured beside each other by Go benchmarks only: go-redis that sends
// commands to a store over a connection in memory, to a redis-server on a Unix socket and to
// miniredis over TCP, one a round trip or many in a pipeline. cpu-ns/op is the time of
// processors that the client and the server took together, which other programs on the machine
// disturb less than ns/op.
//
//	go test -run '^$' -bench 'RoundTrips|Pipelines' -cpu 1,2 -count 6 ./bench | tee bench.txt
//	benchstat -col /peer bench.txt
package bench
