// Package store is Redis's data structures in the memory of a Go process: typed
// handles over a concurrent keyspace, without a server and without a network.
//
//	s := store.New()
//	defer s.Close()
//	visits := s.String("visits")
//	n, err := visits.Incr()
//
// # Names
//
// A method is named as its Redis command, without the letter that only names the
// type: INCRBY is [String.IncrBy], EXPIRE is [DB.Expire]. Commands on one key of
// one type are methods of a handle, commands on any key or on several are methods
// of [DB]. A [Store] is its database 0. COMMANDS.md beside this package lists
// the commands that there are with their methods.
//
// # Results and errors
//
// A lookup of one value that is not there returns [ErrNotFound]; what is not there has
// no elements, and a removal of it returns 0, or false. A key that holds another type is always
// [ErrWrongType]. A caller's mistake comes as an [OpError] that names the
// operation and the key; nothing has changed then.
//
// # Strings
//
// Keys and values are strings of any bytes. A string that was read is a piece of
// the store's memory: it costs no copy, never changes, and keeps the 16 KiB chunk
// around it alive. Whoever keeps a small string for long calls [strings.Clone]. A
// string over 1 KiB that is given to the store is kept as it is; once APPEND, SETRANGE,
// SETBIT, BITFIELD or PFADD has changed such a string in place, a read copies it.
//
// A write that compares, such as [String.SetWith] with [IfEqual] or [String.DelEx], looks at
// the value in its own step. A [String.Digest] is Redis's, XXH3-64, so that one computed
// elsewhere serves as well.
//
// # Streams
//
// A stream keeps entries in the order of their IDs, and stays when the last one goes. Its
// consumer groups are handles of their own: [Stream.Group]. Each entry goes to one consumer
// of a group, to whom it is pending until [Group.Ack]; who dies leaves it to be claimed.
//
// # To and from Redis
//
// [DB.Dump] returns a value in the form of Redis's DUMP, and [DB.Restore] takes one: what any
// Redis up to 7.4 has dumped, and a Redis from 7.0 on takes ours.
//
// # Time
//
// A deadline is a whole millisecond, rounded up. Nobody ever sees a key, or a field of a
// hash, at or after its deadline; the expirer removes it within a millisecond or so. All
// time comes from one clock, which is the time package's: in a [testing/synctest] bubble
// it is the bubble's, and [WithClock] replaces it by a [ManualClock], which is moved by hand,
// and stands still in between or not. It is read off the
// monotonic clock: where the system's clock is set, or the machine sleeps, a store goes
// on counting from when it was made.
//
// # Transactions
//
// [Store.Update] runs a closure over any keys of all databases. What it writes is stored in
// one step, or, if it returns an error or panics, not at all:
//
//	err := s.Update(func(tx *store.Tx) error {
//		left, err := tx.String("alice").DecrBy(70)
//		if err != nil {
//			return err
//		}
//		if left < 0 {
//			return errPoor // alice has what she had
//		}
//		_, err = tx.String("bob").IncrBy(70)
//		return err
//	})
//
// The closure runs without a lock, and keeps what it writes to itself. A conflict is that
// others have changed a key which it has used, to read or to write it, or that such a key
// has expired; after a command on the whole keyspace, any change of the store is one. Then
// the operations of tx return [ErrConflict], and the closure runs again, whatever it
// returns. The second and the third run hold the keys that those before them used, against
// writers, and the fourth the whole store, so that there is an end.
//
// So a closure does nothing that can't be done twice. What it leaves in variables it sets
// anew in each run; what must happen once, such as sending a mail, is for [Tx.OnCommit]. It
// returns an ErrConflict as any other error: trying again in the same run is no use. It
// works by tx, not by the store: what it writes there is no part of the transaction, and
// [ErrNested] if it would have to wait for itself. It does not wait for another goroutine
// that writes the store, since that one may have to wait for it, and does not take long.
// [Store.UpdateContext] gives up in time.
//
// [Store.View] is for closures that only read; nobody waits for it. [Store.Serial] runs a
// closure exactly once: it holds the keys that it is given, or the whole store, from the
// start. [DB.Watch] remembers how keys are for an Update that comes later, where what was
// read has to be thought about outside of a closure: if they have changed until then, Update
// returns ErrConflict to its caller and does nothing.
//
// # Commands that wait
//
// BLPOP and the like have a context instead of a timeout, and return its error when it ends;
// one that has ended takes nothing. In a transaction they answer at once, with [ErrNotFound]
// where there is nothing. XREAD and XREADGROUP with BLOCK are [DB.XReadBlock],
// [DB.XReadGroupBlock] and [Group.ReadBlock]; [Stream.Consume] is a loop around that, for whoever
// just wants the entries. In a [testing/synctest] bubble, make the store in the bubble, too:
// waiting goes over its channels.
//
// # Pub/sub
//
// [Store.Publish] sends a message to whoever is subscribed to its channel then, and forgets
// it. A [Subscription] has channels, patterns and sharded channels, and a buffer from which
// messages come by a range over [Subscription.C], [Subscription.Receive] or a handler:
//
//	sub := s.Subscribe("news")
//	defer sub.Close()
//	err := sub.Handle(ctx, func(m store.Message) error {
//		fmt.Println(m.Channel, m.Payload)
//		return nil
//	})
//
// Nobody waits for a subscription that is too slow. It ends, as in Redis, or its [Policy] says
// what it can do without; [Store.PublishContext] waits for those of the policy [Block]. In a
// [testing/synctest] bubble, make the store and its subscriptions in the bubble, too.
// [Tx.Publish] sends when the transaction has been committed.
//
// # Notifications and changes
//
// What happens to keys is told in two ways. Keyspace notifications are messages as Redis has
// them, off until [Store.SetNotifications] or [WithNotifications]:
//
//	s := store.New(store.WithNotifications(store.NotifyKeyspace | store.NotifyAll))
//	sub := s.PSubscribe("__keyspace@0__:user:*")
//
// A [Feed] is typed: [Store.Changes] delivers a [Change] for every key that a command or the
// clock has changed, those of a transaction as one set, and numbers its sets by commits. One
// that is too slow ends, or gets a [Gap] that says what is missing. A cache or an index begins
// with [Store.SnapshotAndChanges], and after a gap with [Feed.Resync].
//
// [DB.WaitFor] waits until a condition holds, for tests and for coordination.
//
// When a write has returned, what it tells is in the buffers of those who listen; only a command
// that waits, such as BLPOP, may return a moment before. Writers never wait for a listener, but
// share the work of telling: a feed costs a write a few hundred nanoseconds, and a pattern that
// begins otherwise than the channel one, so that 10,000 patterns cost some microseconds a
// message, or up to half a millisecond if they begin with a star. While nobody listens,
// noting nothing costs a write some nanoseconds, and a read nothing.
//
// # Guarantees
//
// Each sentence names the test that holds it.
//
//   - Every method is atomic and linearizable, also those on several keys or on the
//     whole store (TestLinearizable, TestBatchIsAtomic), but for Scan, which has a
//     guarantee of its own. A write happens before every read that sees it, in the Go
//     memory model's sense (the tests run under -race).
//   - GET, and a read of one field of a hash, take no lock (TestLockFreeReads,
//     TestHashUnderWriters), also in snapshots and forks (TestSnapshotReadsWithoutLock),
//     unless a writer is at work in the same shard, the string is one that APPEND,
//     SETRANGE, SETBIT, BITFIELD or PFADD changes in place, or it is the first read in its
//     shard since a snapshot, a KEYS or a Fingerprint, or the first of a snapshot in its
//     shard.
//   - SCAN returns every key that is there from the first call to the last exactly
//     once, whatever is written meanwhile (TestScanUnderWriters).
//   - Transactions are strictly serializable, beside each other and beside commands that are
//     none: each takes place at one moment between its call and its return (TestUpdates in
//     store/conformance, TestNoLostUpdate, TestWriteSkew), but for keys that expire for others
//     while the whole store is held, or keys for [Store.Serial], and time stands still
//     (TestOvertakenByTime). What a closure has read was true
//     at one moment, in every run, also in one that does not count (TestOpacity,
//     TestViewBesideWriter, TestTokenIsSomewhere, TestExpireTogether). What an Update has
//     written happens before every read that sees it (TestUpdateHappensBefore).
//   - A closure that returns an error, panics or ends its goroutine leaves nothing: no value,
//     deadline, version or count (TestRollback). All commands do in a closure what they do
//     elsewhere (TestEveryMethodInTransaction, TestClosuresAreCommands).
//   - No lock is held while a closure runs (TestClosureSleeps), and an Update ends after four
//     runs at most, whatever others do (TestRuns, TestHotKeys). Whoever writes keys that are
//     held waits in turn (TestWritersWait), and Close ends that.
//   - What would wait for itself is ErrNested (TestNested), and a Tx that is used after its
//     closure has returned does nothing (TestTxDone, TestTxUsedWhileItEnds).
//   - Who waits for an element, in BLPOP and the like, is served before those who came later
//     (TestBlockIsFair) and in the step of the write that brings it: nobody else sees it
//     (TestBlockServesAtOnce), also where BLMOVE takes it on to others who wait
//     (TestBlockChain). Who waits for several at once, in BLMOVEM, does not hold up those
//     behind it who want fewer (TestBlockExactlyIsFair). A wait that ends without an element
//     has taken none and leaves nothing behind (TestBlockLosesNothing). A waiter takes about
//     320 bytes beside its goroutine, and 160 more where nobody else waits for its key
//     (BenchmarkBlockMemory); how many wait does not matter to a push (BenchmarkBlock), but
//     for two cases: where BLMOVE takes from one key to more than 64 others, a push locks up
//     to all shards, and who is served by one is looked for among those who want more. A push
//     in a transaction serves at its commit (TestPushInTransaction).
//   - Who waits to read a stream gets what comes, all of them the same (TestReadBlock); of a
//     consumer group the first gets it, in the step of the write that adds it
//     (TestReadGroupBlock). A wait that ends without an entry has taken none
//     (TestReadBlockLosesNothing). Consume handles each entry at least once, also where
//     consumers die (TestConsumersShare), and takes over what has been idle for too long to
//     the millisecond (TestConsume).
//   - What one publisher sends, a subscription gets in that order, and the messages of a
//     channel come in the same order to all, also by patterns (TestPubSubOrder). Publish
//     never waits for who receives, and no lock is held where messages are handled
//     (TestHandle, TestHandlePanics). Subscriptions and their store end without a goroutine or
//     a receiver left (TestStoreCloseEndsSubscriptions, TestPubSubUnderLoad). A message
//     allocates nothing, and an idle subscription takes about 450 bytes (TestPubSubMemory).
//   - A snapshot is the whole store as of one moment, also of keys that it is asked for
//     late (TestSnapshotIsOfOneMoment); nothing changes it (TestSnapshotMethods). A fork and
//     its store see nothing of each other's writes (TestForkGoesItsOwnWay,
//     TestForksAtOnce), and a fork does not keep its store (TestForkReleasesItsStore). What
//     a closed one alone held is given back (TestSnapshotMemory), and Stats.Pinned is that
//     (TestPinned).
//   - The notifications of every command are those of Redis 7.0.15, by name and in order
//     (TestRedisEvents, TestRedisEventsOfEdges), also in transactions
//     (TestRedisEventsOfTransactions), and for what came later those of its sources
//     (TestNewerEvents). Those of a key come in the order in which it was changed
//     (TestNotificationsInOrder), "expired" at the deadline (TestExpiredIsNotified), and
//     none for what was rolled back (TestNoNotificationsOfWhatWasRolledBack).
//   - A feed has every change, by whichever command (TestChangesTellAll), in the order of the
//     commits; between a snapshot and its feed nothing is missing, and nothing comes twice
//     (TestSnapshotAndChanges). What it has lost is told as a gap (TestChangePolicies). One
//     that is closed leaves nothing behind that a write would pay for (TestFeedEnds).
//   - WaitFor does not miss a change, and leaves nothing behind (TestWaitFor, TestWaitForEnds).
//   - Nobody sees a key at or after its deadline (TestExpiryIsExact), or a field of a hash
//     (TestFieldExpiryIsExact), and the memory of what expired is counted down with it
//     (TestExpirerRemoves, TestExpirerRemovesFields).
//   - A key has up to 512 MB, a string value too; there are 16 databases (TestLimits).
//   - Places have the scores that Redis gives them, and searches return what Redis 7.0.15
//     returns, in the same order (TestGeoGolden, TestRedisGeo). A distance may differ in its
//     last bits, as the C libraries of two machines do.
//   - A small key costs about 35 bytes beside its own bytes and its value's, with a
//     deadline about 30 more, fresh and without garbage (bench/results/memory.md).
//   - A bit far behind the end of a bitmap leaves a hole that takes nothing, and BITOP keeps
//     holes (TestBitmapLimits). A bit of a large one that a snapshot has, too, copies a page
//     of 4 KiB and no more than 33 KiB of places of pages (TestBitmapSharesPages). BITCOUNT of
//     more than 64 KiB runs on a clone, without the lock (TestBitmapUnderWriters), and no
//     slower than a loop of [math/bits.OnesCount64] (BenchmarkBitCount).
//   - A HyperLogLog is what Redis 7.0.15 would have made of the same commands, byte for byte
//     (TestHLLGolden, TestRedisHLL), also where something has happened to it
//     (TestRedisHLLDamage). A dense one changes in place, without an allocation
//     (TestHLLAllocations), and no copy, snapshot or fork sees that (TestHLLForks).
//   - What Dump returns is what Redis 7.0.15 returns for the value, byte for byte but for the order
//     of large hashes and sets and the nodes of lists that were not only appended to
//     (TestRedisDumps, TestDumpGolden), and of one moment (TestDumpUnderWriters). A value that
//     was moved is the same (TestDumpKeepsValues). Restore finds what is damaged
//     (TestRedisDamagedPayloads, FuzzDecode in store/rdb).
//   - A long list of elements of 16 bytes takes about 20 for each (BenchmarkList), and
//     gives memory back as they are popped (TestListMemory).
//   - The IDs of a stream only grow, also when the clock is set back (TestStreamIDsOnlyGrow).
//     An iteration over a stream, and a long range of it, is of one moment and holds no lock
//     (TestStreamIsWhatItWas, TestStreamLongRange).
//   - A store has no goroutine until a key has a deadline, and then one until none has
//     (TestGoroutines). Close ends it.
//   - A store can be forgotten without Close once no key has a deadline: nothing runs
//     that holds it (TestGoroutines).
package store
