"""Selection on val: macro R@10 over the nine tasks, on the split's own pool."""

import numpy as np
import numpy.typing as npt
import torch

from uniecs.catalog.copies import side_picture
from uniecs.catalog.images import ImageLimits
from uniecs.catalog.pairs import Side, evaluation_pairs
from uniecs.catalog.presence import TASKS, VIEWS, Presence, task_name
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import Relations
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError
from uniecs.evaluation.tasks import asks_of, judge, pool_of

ROWS = 128
"""Rows per forward pass."""


class Validator:
    """Holds the pictures of val's queries and candidates, and scores a model on them.

    What is asked, what is offered and what is right are those of the evaluation.

    Args:
        catalog: A catalog whose rows are valid.
        relations: Between all its products.
        processor: Of the model that is scored.
    """

    def __init__(self, catalog: Catalog, relations: Relations, processor: UniECSProcessor) -> None:
        pairs = evaluation_pairs(catalog, "val")
        self._relations = relations
        self._processor = processor
        self._folder = catalog.folder
        self._limits = ImageLimits(draft_side=max(processor.image_size))  # as encoders decode
        self._asks = asks_of(pairs)
        pool = pool_of(pairs, catalog, "split").sides
        self._sides = [ask.side for ask in self._asks] + pool
        self._pixels = [self._picture(side) for side in self._sides]

    def recall(self, model: UniECSModel) -> dict[str, float]:
        """R@10 of each of the nine tasks that the split can judge, and their ``macro`` mean."""
        was_training = model.training
        model.eval()
        views = {view: self._vectors(model, view) for view in VIEWS}
        model.train(was_training)
        scores = {}
        for query, candidate in TASKS:
            recall = self._task(views, query, candidate)
            if recall is not None:
                scores[task_name(query, candidate)] = recall
        scores["macro"] = float(np.mean(list(scores.values()))) if scores else 0.0
        return scores

    def _picture(self, side: Side) -> npt.NDArray[np.uint8] | None:
        if not side.image:
            return None
        limits = self._limits if side.copy_seed is None else None
        try:
            picture = side_picture(self._folder, side.image, side.copy_seed, limits)
            return self._processor.pixels(picture)
        except ImageError:
            return None

    def _rows(self, view: Presence) -> npt.NDArray[np.int64]:
        return np.array(
            [
                row
                for row, (side, pixels) in enumerate(zip(self._sides, self._pixels, strict=True))
                if view in Presence.of(text=side.text, image=pixels is not None)
            ],
            dtype=np.int64,
        )

    def _vectors(
        self, model: UniECSModel, view: Presence
    ) -> tuple[npt.NDArray[np.int64], torch.Tensor]:
        rows = self._rows(view)
        parts = [
            self._forward(model, view, rows[start : start + ROWS])
            for start in range(0, len(rows), ROWS)
        ]
        return rows, torch.cat(parts) if parts else torch.zeros(0, model.config.dim)

    def _forward(
        self, model: UniECSModel, view: Presence, rows: npt.NDArray[np.int64]
    ) -> torch.Tensor:
        inputs: dict[str, torch.Tensor] = {}
        if Presence.TEXT in view:
            ids, mask = self._processor.tokens([self._sides[row].text for row in rows])
            inputs |= {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
        if Presence.IMAGE in view:
            stacked = np.stack(
                [pixels for row in rows if (pixels := self._pixels[row]) is not None]
            )
            pixels = torch.from_numpy(stacked).to(model.device)
            inputs["pixel_values"] = self._processor.normalise(pixels)
        with torch.inference_mode():
            vectors: torch.Tensor = model(**inputs).vectors
        return vectors.float().cpu()

    def _task(
        self,
        views: dict[Presence, tuple[npt.NDArray[np.int64], torch.Tensor]],
        query: Presence,
        candidate: Presence,
    ) -> float | None:
        (q_rows, q_vectors), (c_rows, c_vectors) = views[query], views[candidate]
        q, c = q_rows < len(self._asks), c_rows >= len(self._asks)
        if not q.any() or not c.any():
            return None
        asks = [self._asks[row] for row in q_rows[q]]
        sides = [self._sides[row] for row in c_rows[c]]
        right, left_out = judge(asks, sides, self._relations, (query, candidate))
        scores = q_vectors[torch.from_numpy(q)] @ c_vectors[torch.from_numpy(c)].T
        scores = scores.masked_fill(torch.from_numpy(left_out), -2.0)
        top = scores.topk(min(10, scores.shape[1]), dim=1).indices
        judged = torch.from_numpy(right.any(axis=1))
        hits = torch.from_numpy(right).gather(1, top).any(dim=1)[judged]
        return float(hits.float().mean()) if len(hits) else None
