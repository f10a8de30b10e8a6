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
// Each mutant is a build of its own, by go test -c -overlay, so that all of them take
// minutes. The usual run wants every patch to apply, and tries those with the line
//
//	Often: yes
//
// which are one for each mechanism: the order of locks, the copies that snapshots and
// readers without a lock need, several keys in one step, the validation of commits and of
// reads, the clones of transactions, what they hold, and for those who wait that one of
// two serves them, that nobody else sees it, that commits do, and that whoever changes a
// stream does. CI tries them all, those that a plain run leaves out with -mutants rest; by hand:
//
//	go test -run TestMutants -mutants all -timeout 20m
//
// To add one, break the code, run the tests, see one fail each time, and write the diff:
//
//	git diff -U2 >store/conformance/testdata/mutants/name.patch
//
// then put the header before it, undo the change, and run
//
//	go test -run TestMutants/name -mutants all -kills 20
//
// which wants the test to fail twenty times in a row. The lines that a hunk removes and
// keeps must occur in the file exactly once; its line numbers don't matter. When the code
// has moved on and a patch no longer applies, TestMutants fails: write it anew.
package conformance
