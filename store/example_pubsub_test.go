package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

// A subscription is a channel of messages. Close ends the range.
func ExampleStore_Subscribe() {
	s := store.New()
	defer s.Close()

	sub := s.Subscribe("news")
	var readers sync.WaitGroup
	readers.Go(func() {
		for m := range sub.C() {
			fmt.Println(m.Channel, m.Payload)
			if m.Payload == "Good night" {
				sub.Close()
			}
		}
	})
	s.Publish("news", "Good morning")
	n, _ := s.Publish("news", "Good night")
	readers.Wait()
	fmt.Println(n, "subscriber")
	// Output:
	// news Good morning
	// news Good night
	// 1 subscriber
}

// A pattern is that of KEYS. A message says which of them it came by.
func ExampleStore_PSubscribe() {
	s := store.New()
	defer s.Close()

	sub := s.PSubscribe("news:*", "*:go")
	defer sub.Close()
	for _, channel := range []string{"news:sport", "news:go", "weather"} {
		n, err := s.Publish(channel, "hello")
		fmt.Println(channel, n, err)
	}
	for range 3 {
		m, _ := sub.Receive(context.Background())
		fmt.Println(m.Kind, m.Pattern, m.Channel, m.Payload)
	}
	// Output:
	// news:sport 1 <nil>
	// news:go 2 <nil>
	// weather 0 <nil>
	// pmessage news:* news:sport hello
	// pmessage news:* news:go hello
	// pmessage *:go news:go hello
}

// A consumer that is too slow, here one that does nothing, loses the oldest messages rather
// than its subscription.
func ExampleStore_SubscribeWith() {
	s := store.New()
	defer s.Close()

	sub := s.SubscribeWith(store.SubscribeOptions{Buffer: 2, Policy: store.DropOldest}, "price")
	defer sub.Close()
	for _, price := range []string{"10", "11", "12", "13"} {
		s.Publish("price", price)
	}
	fmt.Printf("%+v\n", sub.Stats())
	m, _ := sub.Receive(context.Background())
	fmt.Println(m.Payload)

	// The default is that of Redis.
	strict := s.SubscribeWith(store.SubscribeOptions{Buffer: 1}, "price")
	s.Publish("price", "14")
	s.Publish("price", "15")
	fmt.Println(strict.Err() == store.ErrSlowConsumer)
	// Output:
	// {Delivered:2 Dropped:2 Buffered:2}
	// 12
	// true
}

// A publisher can wait for its subscribers instead.
func ExampleStore_PublishContext() {
	s := store.New()
	defer s.Close()

	sub := s.SubscribeWith(store.SubscribeOptions{Buffer: 1, Policy: store.Block}, "lines")
	var reader sync.WaitGroup
	reader.Go(func() {
		for m := range sub.C() {
			fmt.Println(m.Payload)
			if m.Payload == "third" {
				return
			}
		}
	})
	for _, line := range []string{"first", "second", "third"} {
		if _, err := s.PublishContext(context.Background(), "lines", line); err != nil {
			fmt.Println(err)
		}
	}
	reader.Wait()

	// Nobody reads any more: there is room for one.
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	s.PublishContext(ctx, "lines", "fourth")
	n, err := s.PublishContext(ctx, "lines", "fifth")
	fmt.Println(n, err)
	// Output:
	// first
	// second
	// third
	// 0 context deadline exceeded
}

// Handle is a loop around Receive. Its function may do anything, such as subscribe.
func ExampleSubscription_Handle() {
	s := store.New()
	defer s.Close()

	errEnough := errors.New("enough")
	sub := s.Subscribe("orders")
	defer sub.Close()
	s.Publish("orders", "order 1 is in")
	err := sub.Handle(context.Background(), func(m store.Message) error {
		fmt.Println(m.Payload)
		switch m.Channel {
		case "orders":
			sub.Subscribe("order:1")
			s.Publish("order:1", "paid")
		case "order:1":
			return errEnough
		}
		return nil
	})
	fmt.Println(err, sub.Channels())
	// Output:
	// order 1 is in
	// paid
	// enough [order:1 orders]
}

// Receive waits for one message.
func ExampleSubscription_Receive() {
	s := store.New()
	defer s.Close()

	sub := s.Subscribe("answers")
	defer sub.Close()
	go s.Publish("answers", "42")
	m, err := sub.Receive(context.Background())
	fmt.Println(m.Payload, err)
	// Output: 42 <nil>
}
