package structures

// sparseHLL changes a sparse HyperLogLog, which is valid, run by run exactly as Redis
// does: which neighbours become one run depends on where it looks.
type sparseHLL struct {
	v []byte // with the header

	// Where the search for a register begins, and the run before that, if it is known.
	here, prior runPlace
}

// runPlace is a run of a sparse HyperLogLog.
type runPlace struct {
	at     int // the run's, 0 for none
	before int // of the run before it, 0 for the first
	first  int // its first register
}

// rewind makes the next search begin with the first run.
func (s *sparseHLL) rewind() { s.here, s.prior = runPlace{at: hllHeader}, runPlace{} }

// set makes register i be n if it is less, and says whether it was. It reports ok false,
// and has changed nothing, if the result would have to be dense. The registers come in
// ascending order, or after rewind.
func (s *sparseHLL) set(i int, n uint8) (raised, ok bool) {
	if n > hllValMax {
		return false, false
	}
	run, value, size := s.find(i)
	if value >= n {
		return false, true
	}
	last := s.here.first + run - 1
	if run == 1 && size == 1 { // one byte for another
		s.v[s.here.at] = hllVal(n, 1)
		s.join()
		return true, true
	}
	var buf [5]byte
	seq := hllFill(buf[:0], value, i-s.here.first)
	seq = append(seq, hllVal(n, 1))
	seq = hllFill(seq, value, last-i)
	if more := len(seq) - size; more > 0 && len(s.v)+more > hllSparseMax {
		return false, false
	}
	s.replace(s.here.at, size, seq)
	s.join()
	return true, true
}

// find goes to the run that has register i.
func (s *sparseHLL) find(i int) (run int, value uint8, size int) {
	here, prior := s.here, s.prior
	for {
		c := s.v[here.at]
		run, size = int(hllRunLen[c]), 1
		if run == 0 { // an XZERO
			run, size = (int(c&^hllRunMask)<<8|int(s.v[here.at+1]))+1, 2
		}
		if i < here.first+run {
			s.here, s.prior = here, prior
			if c&hllRunVal != 0 {
				value = c>>2&31 + 1
			}
			return run, value, size
		}
		prior = here
		here = runPlace{at: here.at + size, before: here.at, first: here.first + run}
	}
}

// replace puts seq in the place of the n bytes at at.
func (s *sparseHLL) replace(at, n int, seq []byte) {
	old := len(s.v)
	if more := len(seq) - n; more > 0 {
		s.v = append(s.v, seq[:more]...)
	}
	copy(s.v[at+len(seq):], s.v[at+n:old])
	s.v = s.v[:old+len(seq)-n]
	copy(s.v[at:], seq)
}

// join makes one of VAL runs of one value that lie side by side. As in Redis it begins
// with the run before the one that was changed and looks at five, in vain or not. What
// lies before that stays as it is, so that the next search can begin there.
func (s *sparseHLL) join() {
	at := s.here.at
	if s.here.before != 0 {
		at = s.here.before
	}
	for look := 0; look < 5 && at < len(s.v); look++ {
		n, value, size := hllRun(s.v, at)
		if value != 0 && at+1 < len(s.v) && s.v[at+1]&hllRunVal != 0 {
			more, next, _ := hllRun(s.v, at+1)
			if next == value && n+more <= hllValLen {
				s.v[at+1] = hllVal(value, n+more)
				s.replace(at, 1, nil)
				continue
			}
		}
		at += size
	}
	s.here, s.prior = s.prior, runPlace{}
	if s.here.at == 0 {
		s.rewind()
	}
}

// hllVal returns a VAL run.
func hllVal(value uint8, registers int) byte {
	return hllRunVal | (value-1)<<2 | byte(registers-1)
}

// hllFill appends a run of registers, if there are any: of 0, or as many as one VAL has.
func hllFill(b []byte, value uint8, registers int) []byte {
	switch n := registers - 1; {
	case registers == 0:
		return b
	case value != 0:
		return append(b, hllVal(value, registers))
	case registers > hllZeroMax:
		return append(b, hllRunXZero|byte(n>>8), byte(n))
	default:
		return append(b, hllRunZero|byte(n))
	}
}
