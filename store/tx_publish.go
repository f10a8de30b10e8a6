package store

// Publish is [Store.Publish] when the transaction has been committed, in the order of what
// else it sends, such as notifications; where it is rolled back nothing is sent. It returns
// how often the message would be taken now if all have room.
//
// It returns [ErrTooLarge] as Store.Publish does, and [ErrReadOnly] in a View.
//
// The complexity is O(s + p), s the number of times it is taken and p of all patterns.
// Redis: [PUBLISH].
//
// [PUBLISH]: https://redis.io/docs/latest/commands/publish/
func (tx *Tx) Publish(channel, payload string) (int, error) {
	s, err := tx.note("PUBLISH", channel, payload, false)
	if err != nil {
		return 0, err
	}
	return s.hub.Receivers(channel), nil
}

// SPublish is [Store.SPublish] when the transaction has been committed, as [Tx.Publish].
//
// It returns [ErrTooLarge] as Store.Publish does, and [ErrReadOnly] in a View.
//
// The complexity is O(1). Redis: [SPUBLISH].
//
// [SPUBLISH]: https://redis.io/docs/latest/commands/spublish/
func (tx *Tx) SPublish(channel, payload string) (int, error) {
	s, err := tx.note("SPUBLISH", channel, payload, true)
	if err != nil {
		return 0, err
	}
	return s.hub.ShardNumSub(channel)[0], nil
}

// note notes a message for after the commit.
func (tx *Tx) note(op, channel, payload string, sharded bool) (*Store, error) {
	r, err := tx.begin(tx.database, true)
	if err != nil {
		return nil, mistake(op, channel, err)
	}
	defer r.mu.Unlock()
	if err := r.s.checkMessage(op, channel, payload); err != nil {
		return nil, err
	}
	if r.sh.log == nil {
		r.sh.log = new(log)
	}
	r.sh.log.list = append(r.sh.log.list, notice{at: lastNote.Add(1), key: channel, name: payload, sharded: sharded})
	return r.s, nil
}

// claim says for whom the transaction makes its changes.
func (tx *Tx) claim(by any) {
	if r, err := tx.enter(); err == nil {
		r.by = by
		r.mu.Unlock()
	}
}
