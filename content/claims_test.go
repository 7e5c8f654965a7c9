package content

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryClaimOfTheChapterIsCarried(t *testing.T) {
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	_, book := workbook(t)
	c, problems := ReadClaims(dir, book)
	for _, p := range problems {
		t.Error(p)
	}
	if c.Rows < 80 || c.Fixed < 20 || c.Open == 0 || len(c.Pages) < 5 {
		t.Errorf("%+v", c)
	}
	t.Logf("%d claims, %d corrected, %d with something open", c.Rows, c.Fixed, c.Open)
}

func TestClaimsThatNothingCarriesAreNamed(t *testing.T) {
	_, book := workbook(t)
	for _, tt := range []struct{ row, want, why string }{
		{"| a | holds | `errors#nowhere` |", `section "nowhere" in lesson errors: it has`, "no such section"},
		{"| a | holds | `errors/nothing` |", `experiment "nothing" in lesson errors: it has`, "no such experiment"},
		{"| a | holds | `no-such#idea` |", "no lesson no-such", "no such lesson"},
		{"| a | holds | `epoll-edge/level-or-edge` |", "", "a comparison is one too"},
		{"| a | holds | cite: my memory |", "is no reference", "a citation names a text"},
		{"| a | holds | errors/pipe |", "is no reference", "not in backticks"},
		{"| a | not so | `errors#idea` |", "a correction needs its evidence", "a section alone corrects nothing"},
		{"| a | not so | `errors#idea` · `errors/pipe` |", "", "an experiment does"},
		{"| a | not so | cite: poll(2), ERRORS |", "", "and so does a citation"},
		{"| a | holds |", "this one has 2 cells", "a cell is missing"},
		{"| a |  | `errors/pipe` |", "cell 2 of the row is empty", "an empty cell"},
		{"## 22.99", `section "22.99"`, "no such section of the chapter"},
	} {
		dir := filepath.Join(t.TempDir(), "content")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "CLAIMS.md"), []byte("# claims\n\n## 22.1\n\n| claim | says | carried by |\n|---|---|---|\n"+tt.row+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, problems := ReadClaims(dir, book)
		var said []string
		for _, p := range problems {
			if !strings.Contains(p.Text, "has no claim") {
				said = append(said, p.String())
			}
		}
		got := strings.Join(said, "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) || got != "" && !strings.HasPrefix(got, "content/CLAIMS.md:7: ") && tt.want[0] != 's' {
			t.Errorf("%s: %q, want %q", tt.why, got, tt.want)
		}
	}
	if c, problems := ReadClaims(t.TempDir(), book); c.Rows != 0 || problems != nil {
		t.Errorf("a folder without the table: %+v %v", c, problems)
	}
}
