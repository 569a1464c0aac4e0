// The menu of a chart.
export class Menu {
  constructor(board) {
    this.board = board;
  }

  destroy() {}
}
