/* SPDX-License-Identifier: GPL-2.0-or-later */
'use strict';
(() => {
    const SHOWN = 50; // rows of a table, until somebody asks for all

    // What a column is sorted by: numbers have commas between thousands, and a plus sign where there may be more.
    const value = (cell) => cell.classList.contains('n') ? Number(cell.textContent.replace(/[^0-9]/g, '')) : cell.textContent;
    const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
    const format = (number) => number.toLocaleString('en-US');

    class Table {
        constructor(table) {
            this.body = table.tBodies[0];
            this.rows = Array.from(this.body.rows, (row) => ({row, text: this.textOf(row)}));
            this.heads = Array.from(table.tHead.rows[0].cells);
            this.status = table.closest('section').querySelector('.count');
            this.wanted = '';
            this.heads.filter((head) => !head.classList.contains('g')).forEach((head) => this.addButton(head));
            this.addMore(table);
            this.show();
        }

        textOf(row) {
            return Array.from(row.querySelectorAll('th, .p'), (cell) => cell.textContent).join(' ').toLowerCase();
        }

        addButton(head) {
            const button = document.createElement('button');
            button.type = 'button';
            button.append(...head.childNodes);
            button.addEventListener('click', () => this.sort(head));
            head.append(button);
        }

        // A number begins with the largest, all else with the least.
        sort(head) {
            const before = head.getAttribute('aria-sort');
            const first = head.classList.contains('n') ? 'descending' : 'ascending';
            const order = before === null ? first : before === 'ascending' ? 'descending' : 'ascending';
            const sign = order === 'ascending' ? 1 : -1, column = head.cellIndex;

            this.heads.forEach((other) => other.removeAttribute('aria-sort'));
            head.setAttribute('aria-sort', order);
            this.rows.forEach((item) => { item.key = value(item.row.cells[column]); });
            this.rows.sort((a, b) => sign * compare(a.key, b.key));
            this.body.append(...this.rows.map((item) => item.row));
            this.show();
        }

        addMore(table) {
            this.more = document.createElement('button');
            this.more.type = 'button';
            this.more.className = 'more';
            this.isAll = false;
            this.more.addEventListener('click', () => { this.isAll = !this.isAll; this.show(); });
            table.parentElement.after(this.more);
        }

        filter(wanted) {
            this.wanted = wanted.trim().toLowerCase();
            this.show();
        }

        show() {
            let n = 0;

            for (const item of this.rows) {
                const matches = item.text.includes(this.wanted);
                item.row.hidden = !matches || (!this.isAll && n >= SHOWN);
                n += matches;
            }
            this.more.hidden = n <= SHOWN;
            this.more.textContent = this.isAll ? `Show the first ${SHOWN}` : `Show all ${format(n)}`;
            this.tell(n);
        }

        tell(n) {
            if (this.status === null)
                return;
            const all = this.status.dataset.all ??= this.status.textContent;
            const matching = this.wanted === '' ? all : `${format(n)} of ${all} match`;
            this.status.textContent = n > SHOWN && !this.isAll ? `${matching}, ${SHOWN} are shown` : matching;
        }
    }

    const tables = Array.from(document.querySelectorAll('table'), (table) => new Table(table));
    const names = tables.filter((table) => table.status !== null);
    const form = document.querySelector('.filter');
    if (form !== null) {
        form.hidden = false;
        form.addEventListener('submit', (event) => event.preventDefault());
        form.querySelector('input').addEventListener('input', (event) => names.forEach((table) => table.filter(event.target.value)));
    }
})();
