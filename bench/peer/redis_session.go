package peer

import (
	"fmt"

	"github.com/redis/go-redis/v9"
)

// session queues the commands of one goroutine, and what it wants their answers to be.
type session struct {
	redisServer
	pipe  redis.Pipeliner
	wants []int
}

func (s *session) queue(cmd redis.Cmder, want int) {
	if s.wants = append(s.wants, want); len(s.wants) == 100 {
		s.Flush()
	}
}

func (s *session) later(cmd redis.Cmder, want int) (string, bool) {
	s.queue(cmd, want)
	return Later, true
}

func (s *session) count(cmd redis.Cmder, want int) int {
	s.queue(cmd, want)
	return max(want, 1)
}

// Flush panics at an answer that is wrong.
func (s *session) Flush() {
	cmds, err := s.pipe.Exec(ctx)
	for i, cmd := range cmds {
		if !right(cmd, s.wants[i]) {
			panic(fmt.Sprintf("bench: wrong answer: %.200v", cmd))
		}
	}
	must(err)
	s.wants = s.wants[:0]
}
