import { Route, Switch } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import '../../parts/parts.css';
import { AddDataset } from './AddDataset.tsx';
import './data.css';
import { DatasetPage } from './DatasetPage.tsx';
import { Overview } from './Overview.tsx';
import { TrainForm } from './TrainForm.tsx';
import { WorkPage } from './WorkPage.tsx';

/** Datasets and trainings: what there is, and what operators add to it. */
export default function DataPage() {
  const isOperator = useIsOperator();
  return (
    <Switch>
      {isOperator && <Route path="/training/add" component={AddDataset} />}
      {isOperator && <Route path="/training/new" component={TrainForm} />}
      <Route path="/training/work/:id">{({ id }) => <WorkPage key={id} id={id} />}</Route>
      <Route path="/training/sets/:name/:digest">
        {({ name, digest }) => <DatasetPage {...{ name, digest }} />}
      </Route>
      <Route component={Overview} />
    </Switch>
  );
}
