package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

// pubsubSection sends two messages to a handler, and then follows what happens to keys: by
// their notifications, as Redis has them, and by the feed of changes.
func pubsubSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	g.say("A handler on the channel news; two messages.")
	sub := s.Subscribe("news")
	heard, err := hearing(ctx, sub, 2, func() {
		for _, text := range []string{"Good morning", "Good night"} {
			n, err := s.Publish("news", text)
			g.got(`s.Publish("news", "`+text+`")`, n, err)
		}
	})
	g.got(`s.Subscribe("news").Handle(ctx, handler), handled`, heard, err)

	g.say("Keyspace notifications are messages, too; they are off until somebody wants them.")
	g.did(`s.SetNotifications(store.NotifyKeyevent | store.NotifyAll)`,
		s.SetNotifications(store.NotifyKeyevent|store.NotifyAll))
	events := s.PSubscribe("__keyevent@0__:*")
	heard, err = hearing(ctx, events, 2, func() {
		g.did(`s.String("greeting").Set("hello")`, s.String("greeting").Set("hello"))
		g.did(`s.Rename("greeting", "welcome")`, s.Rename("greeting", "welcome"))
	})
	g.got(`s.PSubscribe("__keyevent@0__:*"), heard`, heard, err)
	g.did(`s.SetNotifications(0)`, s.SetNotifications(0))

	g.say("The feed of changes is typed, and has a transaction as one set.")
	feed := s.Changes(store.ChangeFilter{})
	defer feed.Close()
	g.did(`s.Update(...)`, s.Update(func(tx *store.Tx) error {
		if _, err := tx.Set("visitors").Add("Alice"); err != nil {
			return err
		}
		_, err := tx.Del("welcome")
		return err
	}))
	set, err := feed.Receive(ctx)
	g.got(`s.Changes(...).Receive(ctx)`, summary(set), err)

	g.say("WaitFor waits for a condition on a key, without polling.")
	var waiter sync.WaitGroup
	waiter.Go(func() {
		err = s.WaitFor(ctx, "visitors", func(db store.DB) bool {
			n, _ := db.Set("visitors").Card()
			return n == 2
		})
	})
	_, err2 := s.Set("visitors").Add("Bob")
	waiter.Wait()
	g.did(`s.Set("visitors").Add("Bob")`, err2)
	g.did(`s.WaitFor(ctx, "visitors", two of them)`, err)
	n, err := s.Del("visitors")
	g.got(`s.Del("visitors")`, n, err)
	return g.err
}

// hearing runs a handler that takes n messages while send sends them, and returns what they were.
func hearing(ctx context.Context, sub *store.Subscription, n int, send func()) (heard []string, err error) {
	defer sub.Close()
	var handler sync.WaitGroup
	handler.Go(func() {
		err = sub.Handle(ctx, func(m store.Message) error {
			if heard = append(heard, m.Channel+": "+m.Payload); len(heard) == n {
				return sub.Close()
			}
			return nil
		})
	})
	send()
	handler.Wait()
	return heard, err
}

// summary returns what was changed.
func summary(set store.ChangeSet) (list []string) {
	for _, c := range set.Changes {
		list = append(list, fmt.Sprintf("%s %s %s", c.Op, c.Key, c.Reason))
	}
	return list
}
