package redis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", true}, {"a*c", "abc", true}, {"a*c", "ab", false}, {"?", "", false}, {"??", "ab", true},
		{"[a-c]x", "bx", true}, {"[c-a]x", "bx", true}, {"[^a-c]x", "bx", false}, {"[abc]", "d", false}, {`\*`, "*", true}, {`\*`, "a", false},
		{`[\]]`, "]", true}, {"[a", "a", true}, {"[", "a", false}, {"[]", "a", false}, {`a\`, `a\`, true}, {"**a**", "bab", true},
	} {
		if got := match([]byte(c.pattern), []byte(c.s)); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.s, got)
		}
	}
	// A pattern of many stars is no way to keep the server busy.
	if match([]byte(strings.Repeat("*a", 1000)+"b"), []byte(strings.Repeat("a", 10_000))) {
		t.Error("no b was there")
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-1": -1, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64} {
		if n, ok := parseInt([]byte(text)); n != want || !ok {
			t.Errorf("%s: %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "1_0"} {
		if n, ok := parseInt([]byte(text)); ok {
			t.Errorf("%q: %d", text, n)
		}
	}
	for _, c := range [][3]string{
		{"0.1", "0.2", "0.3"}, {"10.5", "0.1", "10.6"}, {"5.0e3", "0", "5000"}, {"1", "-1", "0"}, {"-0.0", "0", "0"},
		{"3.0", "1.000000000000000005", "4.00000000000000001"}, {"1e17", "1", "100000000000000001"},
	} {
		if sum, valid, finite := addFloat([]byte(c[0]), []byte(c[1])); sum != c[2] || !valid || !finite {
			t.Errorf("%s + %s = %s, %v, %v, want %s", c[0], c[1], sum, valid, finite, c[2])
		}
	}
	for _, text := range []string{"", "x", " 1", "nan", "1e999999999", "1_0", strings.Repeat("1", 300)} {
		if sum, valid, _ := addFloat([]byte("0"), []byte(text)); valid {
			t.Errorf("%.20q is added: %s", text, sum)
		}
	}
}

// TestSkiplist compares with a sorted slice.
func TestSkiplist(t *testing.T) {
	type pair struct {
		score  float64
		member string
	}
	order := func(a, b pair) int {
		if a.score != b.score {
			return int(a.score - b.score)
		}
		return strings.Compare(a.member, b.member)
	}
	random := rand.New(rand.NewPCG(3, 4))
	l, all := newSkiplist(), []pair{}
	for range 3000 {
		p := pair{float64(random.IntN(50)), fmt.Sprint(random.IntN(30))}
		i, there := slices.BinarySearchFunc(all, p, order)
		if there {
			l.delete(p.score, p.member)
			all = slices.Delete(all, i, i+1)
		} else {
			if got := l.rank(p.score, p.member); got != i {
				t.Fatalf("rank %d, want %d", got, i)
			}
			l.insert(p.score, p.member)
			all = slices.Insert(all, i, p)
		}
		if l.n != len(all) {
			t.Fatalf("%d members, want %d", l.n, len(all))
		}
		if len(all) > 0 {
			i := random.IntN(len(all))
			if n := l.at(i); n.score != all[i].score || n.member != all[i].member {
				t.Fatalf("at %d: %v, want %v", i, n, all[i])
			}
		}
		low, _ := slices.BinarySearchFunc(all, pair{p.score, ""}, order)
		if got := l.count(func(n *node) bool { return n.score >= p.score }); got != low {
			t.Fatalf("%d below %v, want %d", got, p.score, low)
		}
	}
}

// TestScan finds everything that stays, however much comes and goes meanwhile.
func TestScan(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d := newDict[int]()
	for i := range 1000 {
		d.set(fmt.Sprintf("stays %d", i), i)
		d.set(fmt.Sprintf("goes %d", i), i)
	}
	seen := map[string]int{}
	for cursor := uint64(0); ; {
		cursor = d.scan(cursor, 7, func(key string, _ int) { seen[key]++ })
		if cursor == 0 {
			break
		}
		d.delete([]byte(fmt.Sprintf("goes %d", random.IntN(1000))))
		d.delete([]byte(fmt.Sprintf("goes %d", random.IntN(1000))))
	}
	for i := range 1000 {
		if n := seen[fmt.Sprintf("stays %d", i)]; n != 1 {
			t.Fatalf("key %d is given %d times", i, n)
		}
	}
	for i := range 1000 {
		d.delete([]byte(fmt.Sprintf("stays %d", i)))
		d.delete([]byte(fmt.Sprintf("goes %d", i)))
	}
	if d.len() != 0 || len(d.items) > 32 {
		t.Errorf("%d keys, %d items are left", d.len(), len(d.items))
	}
}

// TestList compares with a slice.
func TestList(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	l, all := &list{}, []string{}
	for i := range 5000 {
		left := random.IntN(2) == 0
		switch n := random.IntN(10); {
		case n < 3+i/1250%2*3 || len(all) == 0:
			s := fmt.Sprint(i)
			l.push([]byte(s), left)
			if left {
				all = slices.Insert(all, 0, s)
			} else {
				all = append(all, s)
			}
		case n == 9:
			at := random.IntN(len(all) + 1)
			l.insert(at, []byte("x"))
			all = slices.Insert(all, at, "x")
		default:
			at := len(all) - 1
			if left {
				at = 0
			}
			if got := string(l.pop(left)); got != all[at] {
				t.Fatalf("popped %s, want %s", got, all[at])
			}
			all = slices.Delete(all, at, at+1)
		}
		if l.n != len(all) {
			t.Fatalf("%d elements, want %d", l.n, len(all))
		}
		if len(all) > 0 {
			if at := random.IntN(len(all)); string(l.get(at)) != all[at] {
				t.Fatalf("at %d is %s, want %s", at, l.get(at), all[at])
			}
		}
	}
}
