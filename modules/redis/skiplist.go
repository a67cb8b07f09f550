package redis

import "math/rand/v2"

// maxLevel is enough for 4^16 members.
const maxLevel = 16

// skiplist has members in the order of their scores, and of their bytes where those are the same. A member is found by
// its place in it as fast as by its score.
type skiplist struct {
	head  *node
	level int
	n     int
}

type node struct {
	member string
	score  float64
	links  []link
}

// link leads to the next node of its level, which is span nodes further.
type link struct {
	to   *node
	span int
}

func newSkiplist() *skiplist { return &skiplist{head: &node{links: make([]link, maxLevel)}, level: 1} }

func (n *node) before(score float64, member string) bool {
	return n.score < score || (n.score == score && n.member < member)
}

// path finds, on each level, the last node in front of a member, and how many nodes are in front of the next one.
func (l *skiplist) path(score float64, member string) (nodes [maxLevel]*node, places [maxLevel]int) {
	at, place := l.head, 0
	for i := l.level - 1; i >= 0; i-- {
		for next := at.links[i].to; next != nil && next.before(score, member); next = at.links[i].to {
			place += at.links[i].span
			at = next
		}
		nodes[i], places[i] = at, place
	}
	return nodes, places
}

// insert adds a member that is not there.
func (l *skiplist) insert(score float64, member string) {
	nodes, places := l.path(score, member)
	level := 1
	for level < maxLevel && rand.Uint32()&3 == 0 {
		level++
	}
	for ; l.level < level; l.level++ {
		nodes[l.level] = l.head
		l.head.links[l.level].span = l.n
	}
	added := &node{member, score, make([]link, level)}
	for i := range l.level {
		before := &nodes[i].links[i]
		if i >= level {
			before.span++
			continue
		}
		ahead := places[0] - places[i]
		added.links[i] = link{before.to, before.span - ahead}
		*before = link{added, ahead + 1}
	}
	l.n++
}

// delete removes a member that is there.
func (l *skiplist) delete(score float64, member string) {
	nodes, _ := l.path(score, member)
	gone := nodes[0].links[0].to
	for i := range l.level {
		before := &nodes[i].links[i]
		if before.to != gone {
			before.span--
			continue
		}
		*before = link{gone.links[i].to, before.span + gone.links[i].span - 1}
	}
	for l.level > 1 && l.head.links[l.level-1].to == nil {
		l.level--
	}
	l.n--
}

// rank is how many members are in front of one.
func (l *skiplist) rank(score float64, member string) int {
	_, places := l.path(score, member)
	return places[0]
}

// at is the member at a place, which must be below n.
func (l *skiplist) at(place int) *node {
	at, left := l.head, place+1
	for i := l.level - 1; i >= 0; i-- {
		for at.links[i].to != nil && at.links[i].span <= left {
			left -= at.links[i].span
			at = at.links[i].to
		}
	}
	return at
}

// count is how many members are in front of the first for which reached is true; it must stay true from there on.
func (l *skiplist) count(reached func(*node) bool) int {
	at, place := l.head, 0
	for i := l.level - 1; i >= 0; i-- {
		for next := at.links[i].to; next != nil && !reached(next); next = at.links[i].to {
			place += at.links[i].span
			at = next
		}
	}
	return place
}
